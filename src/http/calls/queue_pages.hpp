#pragma once

#include <jobqd/base/clock.hpp>
#include <jobqd/engine/operations.hpp>
#include <jobqd/http/queue_history.hpp>

#include "http/calls/shared_texts.hpp"
#include "http/message.hpp"

namespace jobqd::http {

/// What pages of a browser ask for every few seconds: pages of queues, and the history of one. Each answer is
/// made once a second for all its readers, where the history is kept, and has an entity tag: a reader who has
/// it gets 304.
///
/// Outlived by what the constructor takes. Called on the thread of the connections.
class QueuePages {
 public:
  /// `history`: null if none is kept.
  QueuePages(const engine::Operations& operations, QueueHistory* history, const base::Clock& clock)
      : operations_(operations), history_(history), texts_(clock) {}

  /// `GET /v1/queues` with parameters.
  void list(const Request& request, ExchangePtr exchange);

  /// `GET /v1/queues/{name}/history`.
  void history(const Request& request, ExchangePtr exchange);

 private:
  const engine::Operations& operations_;
  QueueHistory* const history_;
  SharedTexts texts_;
};

}  // namespace jobqd::http
