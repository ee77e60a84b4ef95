#include "http/connections/turns.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

#include <jobqd/base/number.hpp>

namespace jobqd::http {

namespace {

/// How many bytes are worked through before others get their turn: a large body, or a piece of a list.
constexpr std::size_t enough = 64UL * 1024;
/// What the smallest turn counts.
constexpr std::size_t least = 1024;

}  // namespace

void Turns::queue(std::shared_ptr<Taker> taker) {
  queue_.push_back(std::move(taker));
  if (queue_.size() == 1) boost::asio::post(executor_, [this] { run_some(); });
}

void Turns::run_some() {
  for (std::size_t bytes = 0; !queue_.empty() && bytes < enough;) {
    // Stays in the queue meanwhile, so that what it queues posts nothing.
    const auto taker = queue_.front();
    bytes += least + taker->take_turn();
    queue_.pop_front();
  }
  if (!queue_.empty()) boost::asio::post(executor_, [this] { run_some(); });
}

AnswerBudget::AnswerBudget(std::size_t bytes, std::size_t connections)
    : share_(std::clamp<std::size_t>(bytes / 2 / std::max<std::size_t>(connections, 1), 1, piece_bytes)),
      pool_(bytes / 2) {}

Room AnswerBudget::room(std::size_t held) const {
  const auto left = base::sub_sat(share_, held) + base::sub_sat(pool_, taken_);
  return {.now = std::clamp<std::size_t>(left, 1, std::max<std::size_t>(base::sub_sat(piece_bytes, held), 1)),
          .after_wait = share_};
}

void AnswerBudget::change(std::size_t before, std::size_t after) {
  taken_ = taken_ - base::sub_sat(before, share_) + base::sub_sat(after, share_);
}

}  // namespace jobqd::http
