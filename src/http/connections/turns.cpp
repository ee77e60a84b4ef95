#include "http/connections/turns.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

namespace jobqd::http {

void Turns::queue(std::shared_ptr<Taker> taker) {
  queue_.push_back(std::move(taker));
  if (queue_.size() == 1) boost::asio::post(executor_, [this] { run_one(); });
}

void Turns::run_one() {
  const auto taker = queue_.front();
  taker->take_turn();
  queue_.pop_front();
  if (!queue_.empty()) boost::asio::post(executor_, [this] { run_one(); });
}

std::size_t AnswerBudget::room() const {
  return held_ < bytes_ ? std::min(bytes_ - held_, piece_bytes) : 1;
}

}  // namespace jobqd::http
