#pragma once

#include <cstddef>
#include <deque>
#include <memory>

#include "http/connections/transport.hpp"
#include "http/message.hpp"

namespace jobqd::http {

/// Does what takes long one at a time, first come, first served, and lets everything else that is ready have
/// its turn in between. So a health probe waits for one large request or piece of a list, not for one of each
/// connection.
///
/// On the thread of its executor.
class Turns {
 public:
  class Taker {
   public:
    virtual ~Taker() = default;
    virtual void take_turn() = 0;
  };

  explicit Turns(Executor executor) : executor_(std::move(executor)) {}

  /// Has `taker` take its turn, soon, and never before this returns.
  void queue(std::shared_ptr<Taker> taker);

 private:
  void run_one();

  Executor executor_;
  std::deque<std::shared_ptr<Taker>> queue_;
};

/// How much memory all answers in pieces may hold together. Not thread-safe.
class AnswerBudget {
 public:
  explicit AnswerBudget(std::size_t bytes) : bytes_(bytes) {}

  /// How much the next piece may bring: what is left, up to piece_bytes; at least 1, which stands for one
  /// job, so that every answer makes progress. Takes nothing.
  [[nodiscard]] std::size_t room() const;

  /// Who held `before` bytes holds `after` now.
  void change(std::size_t before, std::size_t after) { held_ = held_ - before + after; }

  [[nodiscard]] std::size_t held() const { return held_; }

 private:
  std::size_t bytes_;
  std::size_t held_ = 0;
};

}  // namespace jobqd::http
