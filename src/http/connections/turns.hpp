#pragma once

#include <cstddef>
#include <deque>
#include <memory>

#include "http/connections/transport.hpp"
#include "http/message.hpp"

namespace jobqd::http {

/// Does what takes long bit by bit, first come, first served, and lets everything else that is ready have its
/// turn in between. So a health probe waits for one large request or piece of a list, not for one of each
/// connection.
///
/// On the thread of its executor. Not moved once it has been used.
class Turns {
 public:
  class Taker {
   public:
    virtual ~Taker() = default;
    /// Returns about how many bytes it has worked through.
    virtual std::size_t take_turn() = 0;
  };

  explicit Turns(Executor executor) : executor_(std::move(executor)) {}

  /// Has `taker` take its turn, soon, and never before this returns.
  void queue(std::shared_ptr<Taker> taker);

 private:
  void run_some();

  Executor executor_;
  std::deque<std::shared_ptr<Taker>> queue_;
};

/// How much memory answers may hold: each connection has a share of its own, and what exceeds it is taken
/// from a pool. Not thread-safe.
class AnswerBudget {
 public:
  /// At most `bytes` in all: one half is the pool, the other is shared out to so many connections.
  AnswerBudget(std::size_t bytes, std::size_t connections);

  /// How much a connection that holds `held` bytes may take in addition: what is left of its share and of the
  /// pool, up to piece_bytes in all, but never 0. After a wait it has its share, because the pool may be
  /// empty by then. Takes nothing.
  [[nodiscard]] Room room(std::size_t held) const;

  /// How much of an answer in pieces a connection may hold back, to send a short one as a whole. Leaves room
  /// for one more piece.
  [[nodiscard]] std::size_t hold_back() const { return room(0).now / 4 * 3; }

  /// A connection that held `before` bytes holds `after` now. It may exceed its room, by one large job.
  void change(std::size_t before, std::size_t after);

 private:
  std::size_t share_;
  std::size_t pool_;
  std::size_t taken_ = 0;  ///< From the pool; may exceed it.
};

}  // namespace jobqd::http
