#pragma once

#include <atomic>
#include <cstdint>

namespace jobqd::http {

/// Decides which of two threads runs an event loop, when its holder may be held up by a call that blocks.
///
/// The holder says when it goes into such a call and when it is back. A second thread that sees it out for
/// too long takes the baton; the holder finds out when it comes back. Exactly one thread holds it at any
/// time, except while the holder is out: then nobody runs the loop. Lock-free; each function says who may
/// call it.
class Baton {
 public:
  /// A state of the baton; never the same again.
  using State = std::uint64_t;

  /// The holder: it is about to block. What is returned goes to come_back().
  [[nodiscard]] State leave() { return state_.fetch_add(1) + 1; }

  /// The thread that left: whether it still holds the baton.
  [[nodiscard]] bool come_back(State left) { return state_.compare_exchange_strong(left, left + 1); }

  /// Any thread.
  [[nodiscard]] State look() const { return state_.load(); }
  [[nodiscard]] static bool is_out(State state) { return state % 2 == 1; }

  /// Any other thread: becomes the holder if the one before is out, and has been since `seen`.
  [[nodiscard]] bool take(State seen) {
    return is_out(seen) && state_.compare_exchange_strong(seen, seen + 1);
  }

 private:
  std::atomic<State> state_{0};  ///< Odd: the holder is out. Changes by 1.
};

}  // namespace jobqd::http
