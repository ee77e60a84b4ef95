#include "app/logging/line_queue.hpp"

#include <algorithm>
#include <utility>

namespace jobqd::app {

void LineQueue::push(LineRank rank, base::WallTime time, std::string text) {
  auto& lines = rank == LineRank::admin ? admin_ : ordinary_;
  lines.push_back({.number = ++pushed_, .time = time, .text = std::move(text)});
  bytes_ += cost(lines.back());
  while (bytes_ > max_bytes_) drop_oldest(ordinary_.empty() ? admin_ : ordinary_);
}

void LineQueue::take(std::size_t max_bytes, std::vector<QueuedLine>& out) {
  std::size_t taken = 0;
  while (!empty()) {
    auto& rank = next_rank();
    const auto size = rank.front().text.size() + 1;
    if (taken > 0 && taken + size > max_bytes) return;
    if (gap_.missing > 0 && gap_.number < rank.front().number) out.push_back(std::exchange(gap_, {}));
    taken += size;
    bytes_ -= cost(rank.front());
    out.push_back(std::move(rank.front()));
    rank.pop_front();
  }
}

void LineQueue::lose(const QueuedLine& line) {
  gap_.missing += line.missing > 0 ? line.missing : 1;
  if (line.number < gap_.number) return;
  gap_.number = line.number;
  gap_.time = line.time;
}

void LineQueue::drop_ordinary() {
  while (!ordinary_.empty()) drop_oldest(ordinary_);
}

std::uint64_t LineQueue::next_number() const {
  if (ordinary_.empty()) return admin_.empty() ? pushed_ + 1 : admin_.front().number;
  return admin_.empty() ? ordinary_.front().number
                        : std::min(ordinary_.front().number, admin_.front().number);
}

std::deque<QueuedLine>& LineQueue::next_rank() {
  if (ordinary_.empty()) return admin_;
  return admin_.empty() || ordinary_.front().number < admin_.front().number ? ordinary_ : admin_;
}

void LineQueue::drop_oldest(std::deque<QueuedLine>& rank) {
  bytes_ -= cost(rank.front());
  lose(rank.front());
  rank.pop_front();
}

}  // namespace jobqd::app
