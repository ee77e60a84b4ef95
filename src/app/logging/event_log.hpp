#pragma once

#include <jobqd/engine/observer.hpp>

#include "app/logging/log.hpp"

namespace jobqd::app {

/// Makes lines of the log from the events of the daemon. Thread-safe, as the log is, which outlives it.
class EventLog final : public engine::Observer {
 public:
  explicit EventLog(Log& log) : log_(log) {}

  void attempt_settled(const engine::Claim& claim, const engine::Resolution& resolution) override;
  void attempt_stale(const engine::Claim& claim) override;
  void lease_expired(const engine::Claim& claim) override;
  void circuit_changed(std::string_view queue, domain::CircuitState from, domain::CircuitState to) override;
  void store_changed(std::string_view why) override;
  void store_lost(std::string_view why) override;
  void configuration_changed(std::string_view changed, std::string_view needs_a_restart) override;
  void configuration_refused(std::string_view why) override;

 private:
  Log& log_;
};

}  // namespace jobqd::app
