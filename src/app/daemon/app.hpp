#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <jobqd/base/clock.hpp>
#include <jobqd/stores/embedded_store.hpp>

#include "app/logging/log.hpp"
#include "app/settings/config.hpp"

namespace jobqd::app {

class Stopping;

/// The whole daemon, wired by the builder. announce(), restore(), serve() and stop() once each, in this order
/// and from one thread; stop() may come after each of them.
class App {
 public:
  struct Parts;
  ~App();

  App(const App&) = delete;
  App& operator=(const App&) = delete;

  /// Logs the configuration, and what about it may not be as intended.
  void announce();

  /// Restores the jobs of the file, if there is one. If that takes longer than a moment, the port answers the
  /// probes meanwhile and refuses all that needs jobs, and the log says how far it has come. `go_on` is asked
  /// at least every 50 ms, unless the machine is busy; false: it did not want to go on, and stop() comes
  /// next. The error is one line.
  std::expected<bool, std::string> restore(const std::function<bool()>& go_on);

  /// Begins to run jobs, and then to answer everything. The error is one line.
  std::expected<void, std::string> serve();

  /// Applies another configuration as far as that is possible without a restart, and reports what was not.
  /// Tries queues that do not work again. From the thread that calls serve() and stop(), between them.
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

  /// The stop of a daemon whose jobs are not restored: the file keeps them, and none was started.
  void stop_starting(Stopping& stopping);
  void log_recovery(const stores::Recovery& found) const;
  void log_end() const;

  std::unique_ptr<Parts> parts_;
};

/// Wires all parts of the daemon; starts nothing. The error is one line. `clock` and `log` outlive the app.
[[nodiscard]] std::expected<std::unique_ptr<App>, std::string> build(const Config& config,
                                                                     const base::Clock& clock, Log& log);

}  // namespace jobqd::app
