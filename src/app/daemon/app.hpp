#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>

#include <jobqd/app/config.hpp>
#include <jobqd/base/clock.hpp>

#include "app/logging/log.hpp"

namespace jobqd::app {

/// The whole daemon, wired by the builder. start() and stop() once each, from one thread.
class App {
 public:
  struct Parts;
  ~App();

  App(const App&) = delete;
  App& operator=(const App&) = delete;

  /// Listens and runs jobs. The error is one line.
  std::expected<void, std::string> start();

  /// Goes on by another configuration as far as that can change while it runs, and logs what cannot. The same
  /// thread as start() and stop(), between them.
  void reload(const Config& config);

  /// Ends gracefully: not ready, no new jobs, running ones finish within the grace; the rest stays queued,
  /// or, in memory, is worked off within the grace. Returns when all threads have ended.
  void stop();

  /// The port, once started.
  [[nodiscard]] std::uint16_t port() const;

 private:
  friend std::expected<std::unique_ptr<App>, std::string> build(const Config&, const base::Clock&, Log&);
  explicit App(std::unique_ptr<Parts> parts);

  /// Waits until `over` or the deadline; asks again after each attempt.
  template <class Over>
  void wait_until_over(base::SteadyTime deadline, Over over);

  void log_end() const;

  std::unique_ptr<Parts> parts_;
};

/// Wires all parts of the daemon; starts nothing. The error is one line. `clock` and `log` outlive the app.
[[nodiscard]] std::expected<std::unique_ptr<App>, std::string> build(const Config& config,
                                                                     const base::Clock& clock, Log& log);

}  // namespace jobqd::app
