#pragma once

#include <optional>
#include <string>
#include <vector>

#include <jobqd/engine/operations.hpp>

#include "http/calls/queue_pages.hpp"
#include "http/route.hpp"

namespace jobqd::http {

/// Below /v1/queues: shows queues and changes them. Outlived by what the constructor takes; outlives its
/// routes.
class QueueCalls {
 public:
  /// `history`: null if none is kept.
  QueueCalls(engine::Operations& operations, QueueHistory* history, const base::Clock& clock)
      : operations_(operations), pages_(operations, history, clock) {}

  [[nodiscard]] std::vector<Route> routes();

 private:
  void list(const Request& request, ExchangePtr exchange);
  void get(const Request& request, const ExchangePtr& exchange) const;
  void pause(const Request& request, ExchangePtr exchange) const;
  void resume(const Request& request, ExchangePtr exchange) const;
  void retry_all(const Request& request, ExchangePtr exchange) const;
  void purge(const Request& request, ExchangePtr exchange) const;

  void set_paused(const std::string& queue, bool paused, ExchangePtr exchange) const;
  /// `target`: how long its jobs may wait.
  [[nodiscard]] Response shown(const std::string& name, std::optional<base::milliseconds> target = {}) const;

  engine::Operations& operations_;
  QueuePages pages_;
};

}  // namespace jobqd::http
