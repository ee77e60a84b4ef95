#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <jobqd/base/clock.hpp>
#include <jobqd/base/random.hpp>
#include <jobqd/engine/observer.hpp>
#include <jobqd/traces/tracer.hpp>

namespace jobqd::traces {

/// Names and values that describe the daemon, such as service.name.
using Attributes = std::vector<std::pair<std::string, std::string>>;

/// A collector's answer.
struct Reply {
  unsigned status = 0;                                 ///< Of HTTP; 0: there was none.
  std::optional<base::milliseconds> retry_after = {};  ///< What the collector asks to wait.
  std::string body = {};                               ///< Or why there was no answer.
};

/// Posts one body of JSON to the collector, and returns soon after a stop. Called by one thread.
using Post = std::function<Reply(std::string body, const std::stop_token& stop)>;

/// What operators should know of the export. Thread: traces. Must not throw.
class ExportEvents {
 public:
  virtual ~ExportEvents() = default;
  /// Spans are being dropped from now on. `why` has at most 500 bytes, which may be a collector's.
  virtual void dropping(std::string_view /*why*/) {}
  /// The collector takes all spans again. `dropped`: how many were lost since dropping().
  virtual void delivering(std::uint64_t /*dropped*/) {}
  /// The collector took all spans, and says this about them. Not called twice in a row for the same text.
  virtual void warned(std::string_view /*message*/) {}
};

/// Tells a collector of OpenTelemetry about each attempt that the tracer gives a span.
///
/// Up to 2,048 spans wait; more are dropped and counted, so that a collector that is slow or down costs
/// nothing else. A thread of its own sends them in batches of up to 512, or what there is after 5 s.
///
/// As an observer it is thread-safe, and waits for nothing but a lock that is held for less than a
/// microsecond. start() and stop() from one thread. Everything that the constructor takes outlives it.
class Exporter final : public engine::Observer {
 public:
  /// How long stop() may take.
  static constexpr base::milliseconds longest_flush{2'000};

  struct Around {
    const base::Clock& clock;
    base::Random& random;  ///< For the jitter of retries.
    Post post;
    ExportEvents& events;
  };

  Exporter(Tracer tracer, const Attributes& resource, Around around);
  /// Stops it.
  ~Exporter() override;

  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;

  /// Starts the thread, once.
  void start();

  /// Sends what waits, each span once, for 2 s at most, and ends. Later spans are dropped. Any number of
  /// times.
  void stop();

  void attempt_settled(const engine::Claim& claim, const engine::Resolution& resolution) override;
  void attempt_stale(const engine::Claim& claim) override;

  /// How many spans were lost since the start: there was no room, or the collector did not take them.
  [[nodiscard]] std::uint64_t dropped() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace jobqd::traces
