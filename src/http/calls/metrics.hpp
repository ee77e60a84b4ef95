#pragma once

#include <vector>

#include <jobqd/http/metrics_text.hpp>

#include "http/route.hpp"

namespace jobqd::http {

/// `GET /metrics`, for Prometheus. Outlived by `metrics`, which is null if there are none; outlives its
/// routes.
class MetricsCalls {
 public:
  explicit MetricsCalls(MetricsText* metrics) : metrics_(metrics) {}

  [[nodiscard]] std::vector<Route> routes() const;

 private:
  void get(const Request& request, ExchangePtr exchange) const;

  MetricsText* const metrics_;
};

}  // namespace jobqd::http
