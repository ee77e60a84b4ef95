#pragma once

#include <optional>
#include <string>
#include <vector>

#include <jobqd/engine/operations.hpp>

#include "http/route.hpp"

namespace jobqd::http {

/// Below /v1/queues: shows queues and changes them. Outlived by `operations`; outlives its routes.
class QueueCalls {
 public:
  explicit QueueCalls(engine::Operations& operations) : operations_(operations) {}

  [[nodiscard]] std::vector<Route> routes() const;

 private:
  void list(const Request& request, const ExchangePtr& exchange) const;
  void get(const Request& request, const ExchangePtr& exchange) const;
  void pause(const Request& request, ExchangePtr exchange) const;
  void resume(const Request& request, ExchangePtr exchange) const;
  void retry_all(const Request& request, ExchangePtr exchange) const;
  void purge(const Request& request, ExchangePtr exchange) const;

  void set_paused(const std::string& queue, bool paused, ExchangePtr exchange) const;
  /// `target`: how long its jobs may wait.
  [[nodiscard]] Response shown(const std::string& name, std::optional<base::milliseconds> target = {}) const;

  engine::Operations& operations_;
};

}  // namespace jobqd::http
