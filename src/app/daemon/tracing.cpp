#include "app/daemon/tracing.hpp"

#include <utility>

#include <fmt/format.h>

namespace jobqd::app {

namespace {

/// Posts to the collector.
traces::Reply post(processors::HttpClient& client, std::string body, const std::stop_token& stop) {
  auto answer = client.post(std::move(body), stop);
  if (!answer) return {.body = std::move(answer.error())};
  return {.status = answer->status, .retry_after = answer->retry_after, .body = std::move(answer->body)};
}

}  // namespace

std::expected<std::unique_ptr<Tracing>, std::string> Tracing::make(const TracesConfig& config,
                                                                   const base::Clock& clock, Log& log) {
  auto headers = config.headers;
  headers.emplace_back("Content-Type", "application/json");
  headers.emplace_back("User-Agent", "jobqd");
  auto client = processors::HttpClient::make(config.url, std::move(headers), config.timeout, clock);
  if (!client) return std::unexpected(fmt::format("traces cannot be sent: {}", client.error()));
  return std::unique_ptr<Tracing>(new Tracing(config, *std::move(client), clock, log));
}

Tracing::Tracing(const TracesConfig& config, std::unique_ptr<processors::HttpClient> client,
                 const base::Clock& clock, Log& log)
    : client_(std::move(client)),
      log_(log),
      exporter_(
          make_tracer(config), config.resource,
          {.clock = clock,
           .random = random_,
           .post = [this](std::string body,
                          const std::stop_token& stop) { return post(*client_, std::move(body), stop); },
           .events = log_}) {}

traces::Tracer make_tracer(const std::optional<TracesConfig>& config) {
  return config ? traces::Tracer(config->ratio) : traces::Tracer();
}

}  // namespace jobqd::app
