#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include <jobqd/engine/claims.hpp>

namespace jobqd::stores::embedded {

/// A claim() that found no job to start.
struct WaitingClaim {
  std::uint16_t queue = 0;  ///< Its index.
  engine::WaitId wait_id = 0;
  std::size_t max_jobs = 1;
  std::size_t max_bytes = engine::ClaimBytes::unlimited;
  std::optional<engine::LeaseTerms> lease = {};
  engine::Callback<std::vector<engine::Claim>> done = {};
};

/// The claims that wait, first come, first served, by the index of their queue. Not thread-safe.
class WaitingClaims {
 public:
  void add(WaitingClaim claim) {
    auto& line = lines_[claim.queue];
    line.push_back(std::move(claim));
  }

  [[nodiscard]] bool empty() const { return lines_.empty(); }
  [[nodiscard]] bool any(std::uint16_t queue) const { return lines_.contains(queue); }
  /// Whether the next claim to be served is that of a remote worker.
  [[nodiscard]] bool next_is_lease(std::uint16_t queue) const {
    const auto line = lines_.find(queue);
    return line != lines_.end() && line->second.front().lease.has_value();
  }

  /// How many claims of the queue wait.
  [[nodiscard]] std::size_t size(std::uint16_t queue) const {
    const auto line = lines_.find(queue);
    return line == lines_.end() ? 0 : line->second.size();
  }

  /// Takes the latest claim of this claimant out of the line. The caller destroys it without holding a lock,
  /// because objects that its callback owns may call the store.
  std::optional<WaitingClaim> withdraw(engine::WaitId wait_id);

  /// Offers the claims of one queue to `serve(claim)`, in their order, until it returns false. A claim for
  /// which it returned true is gone.
  template <class Serve>
  void serve(std::uint16_t queue, Serve serve) {
    const auto line = lines_.find(queue);
    if (line == lines_.end()) return;
    auto& claims = line->second;
    while (!claims.empty() && serve(claims.front())) claims.pop_front();
    if (claims.empty()) lines_.erase(line);
  }

  /// The queues whose claims wait.
  [[nodiscard]] std::vector<std::uint16_t> queues() const;

  /// The claims of one queue; none is left.
  std::vector<WaitingClaim> take(std::uint16_t queue);

  /// All claims; none is left.
  std::vector<WaitingClaim> take_all();

 private:
  std::map<std::uint16_t, std::deque<WaitingClaim>> lines_;  ///< None is empty.
};

}  // namespace jobqd::stores::embedded
