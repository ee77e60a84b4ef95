#include "http/calls/metrics.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace jobqd::http {

namespace {

/// Prometheus 3 refuses every type that it does not know.
constexpr std::string_view text_format = "text/plain; version=0.0.4; charset=utf-8";

/// Small enough that other requests do not wait long for it.
constexpr std::size_t bytes_in_piece = 64UL * 1024;

/// Answers with what follows the first `sent` bytes, piece by piece, so that scrapers that read slowly share
/// one text.
void send(ExchangePtr exchange, MetricsText::Text text, std::size_t sent) {
  auto& asks = *exchange;
  asks.when_room([exchange = std::move(exchange), text = std::move(text), sent](Room room) mutable {
    auto piece = text->substr(sent, std::min(room.now, bytes_in_piece));
    const auto now_sent = sent + piece.size();
    if (sent == 0)
      exchange->begin({.content_type = text_format, .body = std::move(piece)});
    else
      exchange->write(std::move(piece));
    if (now_sent == text->size()) return exchange->end();
    send(std::move(exchange), std::move(text), now_sent);
  });
}

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
    if (text != nullptr) return send(std::move(exchange), std::move(text), 0);
    exchange->respond(problem(
        {.code = domain::ErrorCode::out_of_memory, .detail = "there is no memory left for the metrics"}));
  });
}

}  // namespace jobqd::http
