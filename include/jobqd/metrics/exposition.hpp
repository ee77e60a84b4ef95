#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <jobqd/base/clock.hpp>
#include <jobqd/engine/operations.hpp>
#include <jobqd/http/metrics_text.hpp>
#include <jobqd/metrics/counters.hpp>

namespace jobqd::metrics {

/// A file whose size is shown.
struct SizedFile {
  std::string label;
  std::string path;
};

struct ExpositionOptions {
  std::string version;                ///< Of the daemon.
  std::vector<SizedFile> files = {};  ///< Of the store. One that is not there counts as empty.
  /// How many spans were dropped since the start; null: none are exported. Called on the exposition's thread.
  std::function<std::uint64_t()> dropped_spans = {};
};

/// The text of all metrics, in the format that Prometheus reads
/// (https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4).
///
/// Made on a thread of its own, at the first request and then at most once a second; requests that come while
/// it is being made share it. Thread-safe. Everything that the constructor takes outlives this object. Its
/// destructor answers the requests that wait.
class Exposition final : public http::MetricsText {
 public:
  /// How long a text is shown to requests that do not ask for a fresh one.
  static constexpr base::milliseconds kept_for{1'000};

  Exposition(const engine::Operations& operations, Counters& counters, const base::Clock& clock,
             ExpositionOptions options);
  ~Exposition() override;

  Exposition(const Exposition&) = delete;
  Exposition& operator=(const Exposition&) = delete;

  void get(bool fresh, Done done) override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace jobqd::metrics
