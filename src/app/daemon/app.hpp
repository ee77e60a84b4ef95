#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>

#include <jobqd/base/clock.hpp>

#include "app/logging/log.hpp"
#include "app/settings/config.hpp"

namespace jobqd::app {

class Stopping;

/// The whole daemon, wired by the builder. start() and stop() once each, from one thread.
class App {
 public:
  struct Parts;
  ~App();

  App(const App&) = delete;
  App& operator=(const App&) = delete;

  /// Opens the port and begins to run jobs. The error is one line.
  std::expected<void, std::string> start();

  /// Applies another configuration as far as that is possible without a restart, and reports what was not.
  /// Tries queues that do not work again. From the thread that calls start() and stop(), between them.
  void reload(const Config& config);

  /// Reports that the configuration, read again, has an error. As reload().
  void refuse_reload(const std::string& why);

  /// Tries queues that do not work again, when it is time. Returns after how long it wants to be called
  /// again; empty: not before the next reload. As reload().
  std::optional<base::milliseconds> tend_queues();

  /// Ends gracefully: /readyz answers 503, DRAIN_DELAY passes, and then running jobs may finish within the
  /// grace. What is queued or still comes stays queued; a store in memory takes nothing new, and runs what is
  /// queued within the grace as well. Returns when all threads have ended but those of the store, the log and
  /// `stopping`, which is told what the stop waits for.
  void stop(Stopping& stopping);

 private:
  friend std::expected<std::unique_ptr<App>, std::string> build(const Config&, const base::Clock&, Log&);
  explicit App(std::unique_ptr<Parts> parts);

  void log_end() const;

  std::unique_ptr<Parts> parts_;
};

/// Wires all parts of the daemon; starts nothing. The error is one line. `clock` and `log` outlive the app.
[[nodiscard]] std::expected<std::unique_ptr<App>, std::string> build(const Config& config,
                                                                     const base::Clock& clock, Log& log);

}  // namespace jobqd::app
