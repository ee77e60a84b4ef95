#include "stores/embedded/waiting_claims.hpp"

#include <algorithm>
#include <iterator>
#include <ranges>
#include <utility>

namespace jobqd::stores::embedded {

std::optional<WaitingClaim> WaitingClaims::withdraw(engine::WaitId wait_id) {
  for (auto line = lines_.begin(); line != lines_.end(); ++line) {
    auto& claims = line->second;
    const auto found = std::ranges::find(std::views::reverse(claims), wait_id, &WaitingClaim::wait_id);
    if (found == claims.rend()) continue;
    std::optional<WaitingClaim> withdrawn(std::move(*found));
    claims.erase(std::next(found).base());
    if (claims.empty()) lines_.erase(line);
    return withdrawn;
  }
  return std::nullopt;
}

std::vector<std::uint16_t> WaitingClaims::queues() const {
  std::vector<std::uint16_t> waiting;
  waiting.reserve(lines_.size());
  for (const auto& [queue, line] : lines_) waiting.push_back(queue);
  return waiting;
}

std::vector<WaitingClaim> WaitingClaims::take(std::uint16_t queue) {
  std::vector<WaitingClaim> all;
  const auto line = lines_.extract(queue);
  if (!line.empty()) std::ranges::move(line.mapped(), std::back_inserter(all));
  return all;
}

std::vector<WaitingClaim> WaitingClaims::take_all() {
  std::vector<WaitingClaim> all;
  for (auto& [queue, line] : lines_)
    all.insert(all.end(), std::make_move_iterator(line.begin()), std::make_move_iterator(line.end()));
  lines_.clear();
  return all;
}

}  // namespace jobqd::stores::embedded
