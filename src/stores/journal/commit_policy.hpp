#pragma once

#include <cstddef>
#include <cstdint>

#include <jobqd/base/clock.hpp>

namespace jobqd::stores::journal {

/// Decides whether the committer commits what has gathered, or leaves it to the journal's thread. Pure: it
/// goes by what the last commits took. docs/decisions/0020 has the measurements.
///
/// 1. A commit by the committer spares two hand-overs between threads, but holds up everything else that the
///    committer does. So it commits where commits are short: small batches on a disk that is fast.
/// 2. A client sends its next request once it has an answer. So as many requests as the last commit has
/// answered are
///    on their way after it, and it pays to wait for them, up to the time that one more commit takes.
class CommitPolicy {
 public:
  using Duration = base::SteadyTime::duration;

  enum class Choice : std::uint8_t {
    here,    ///< Commit.
    wait,    ///< Look again at once: more is on its way.
    thread,  ///< Leave it to the journal's thread.
  };

  /// What has gathered. Nobody commits for callers that do not wait.
  struct Left {
    std::size_t changes = 0;  ///< Rows.
    std::size_t waiting = 0;  ///< Callers that wait for them.
  };

  [[nodiscard]] Choice choose(const Left& left, base::SteadyTime now) const;

  /// A commit that `waiting` callers waited for has taken so long, and they have been answered now.
  void committed(std::size_t waiting, Duration took, base::SteadyTime now);

 private:
  /// While a commit takes as long as this, more gathers meanwhile, and the hand-overs are small beside it.
  static constexpr Duration slow = std::chrono::microseconds{500};
  /// The rows of a larger batch are better written while the committer reads more requests.
  static constexpr std::size_t many = 200;

  Duration usual_{};             ///< What a commit takes: a moving average.
  std::size_t answered_ = 0;     ///< So many callers waited for the last commit.
  base::SteadyTime patience_{};  ///< Until then nobody commits for fewer.
};

}  // namespace jobqd::stores::journal
