#include "http/calls/metrics.hpp"

#include <functional>
#include <utility>

#include "http/calls/pieces.hpp"

namespace jobqd::http {

namespace {

/// Prometheus 3 refuses every type that it does not know.
constexpr std::string_view text_format = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace

std::vector<Route> MetricsCalls::routes() const {
  return {{"GET", "/metrics", Access::read, {}, std::bind_front(&MetricsCalls::get, this)}};
}

void MetricsCalls::get(const Request& request, ExchangePtr exchange) const {
  if (metrics_ == nullptr)
    return exchange->respond(
        problem({.code = domain::ErrorCode::not_found, .detail = "this daemon keeps no metrics"}));
  const bool fresh = request.header("Cache-Control") == "no-cache";
  metrics_->get(fresh, [exchange = std::move(exchange)](MetricsText::Text text) mutable {
    if (text != nullptr)
      return respond_in_pieces(std::move(exchange), {.content_type = text_format}, std::move(text));
    exchange->respond(problem(
        {.code = domain::ErrorCode::out_of_memory, .detail = "there is no memory left for the metrics"}));
  });
}

}  // namespace jobqd::http
