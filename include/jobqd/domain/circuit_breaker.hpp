#pragma once

#include <cstdint>

#include <jobqd/base/clock.hpp>

namespace jobqd::domain {

/// When to stop trying for a while what keeps failing.
struct CircuitRule {
  std::uint32_t failures = 0;       ///< So many in a row open the circuit; 0: it never opens.
  base::milliseconds wait{30'000};  ///< How long it stays open before one attempt probes.
  [[nodiscard]] bool applies() const { return failures > 0; }
  bool operator==(const CircuitRule&) const = default;
};

enum class CircuitState : std::uint8_t {
  closed,     ///< Attempts start.
  open,       ///< None starts.
  half_open,  ///< One has started, and its end decides.
};

/// Closed until `failures` attempts in a row have failed; then open for `wait`; then one attempt probes: its
/// success closes the circuit, its failure opens it again. Pure: it is told the time, which must not go back.
/// Not thread-safe. Source: M. Nygard, "Release It!", 2007 (circuit breaker).
class CircuitBreaker {
 public:
  explicit CircuitBreaker(CircuitRule rule) : rule_(rule) {}

  /// The earliest time at which an attempt may start: never while one probes.
  [[nodiscard]] base::SteadyTime next() const;

  /// An attempt starts, next() being over.
  void started();
  /// An attempt ended; what began before the circuit opened has its say as well.
  void succeeded();
  void failed(base::SteadyTime now);
  /// An attempt ended that shows neither: it was interrupted, or called off.
  void ended(base::SteadyTime now);

  [[nodiscard]] CircuitState state() const { return state_; }
  /// In a row.
  [[nodiscard]] std::uint32_t failures() const { return failures_; }

  /// Goes on by another rule.
  void set_rule(CircuitRule rule, base::SteadyTime now);

 private:
  CircuitRule rule_;
  CircuitState state_ = CircuitState::closed;
  std::uint32_t failures_ = 0;
  base::SteadyTime open_until_ = base::SteadyTime::min();
};

}  // namespace jobqd::domain
