#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>

#include <jobqd/base/clock.hpp>
#include <jobqd/base/random.hpp>
#include <jobqd/processors/http_client.hpp>
#include <jobqd/traces/exporter.hpp>

#include "app/logging/export_log.hpp"
#include "app/settings/config.hpp"

namespace jobqd::app {

/// The export of spans to a collector. `log` and `clock` outlive it.
class Tracing {
 public:
  /// Starts nothing. The error is one line.
  static std::expected<std::unique_ptr<Tracing>, std::string> make(const TracesConfig& config,
                                                                   const base::Clock& clock, Log& log);

  [[nodiscard]] traces::Exporter& exporter() { return exporter_; }

 private:
  Tracing(const TracesConfig& config, std::unique_ptr<processors::HttpClient> client,
          const base::Clock& clock, Log& log);

  const std::unique_ptr<processors::HttpClient> client_;
  base::Random random_{base::Random::system_seed()};
  ExportLog log_;
  traces::Exporter exporter_;
};

/// Which attempts have a span.
[[nodiscard]] traces::Tracer make_tracer(const std::optional<TracesConfig>& config);

}  // namespace jobqd::app
