#pragma once

#include <cstdint>
#include <string_view>

#include <jobqd/base/clock.hpp>

namespace jobqd::domain {

/// When the circuit of a queue opens, and for how long.
struct CircuitRule {
  std::uint32_t failures = 0;       ///< In a row, which open the circuit; 0: it never opens.
  base::milliseconds wait{30'000};  ///< How long it stays open before one attempt probes.
  [[nodiscard]] bool applies() const { return failures > 0; }
  bool operator==(const CircuitRule&) const = default;
};

enum class CircuitState : std::uint8_t {
  closed,     ///< Attempts start.
  open,       ///< No attempt starts.
  half_open,  ///< One attempt has started as a probe; its outcome decides.
};

/// The name in the API and in metrics: `closed`, `open` or `half_open`.
[[nodiscard]] std::string_view to_string(CircuitState state);

/// Closed until `failures` attempts in a row have failed, then open for `wait`; then one attempt is a probe:
/// its success closes the circuit, its failure opens it again. Pure: the caller passes the time, which must
/// not go back. Not thread-safe. Source: M. Nygard, "Release It!", 2007 (circuit breaker).
class CircuitBreaker {
 public:
  explicit CircuitBreaker(CircuitRule rule) : rule_(rule) {}

  /// The earliest time at which an attempt may start; the end of time while a probe runs.
  [[nodiscard]] base::SteadyTime next() const;

  /// An attempt starts. Called no earlier than next().
  void started();
  /// An attempt ended. Attempts that started before the circuit opened count as well.
  void succeeded();
  void failed(base::SteadyTime now);
  /// An attempt ended and says nothing about the receiver: it was interrupted or cancelled.
  void ended(base::SteadyTime now);

  [[nodiscard]] CircuitState state() const { return state_; }
  /// Failed attempts in a row.
  [[nodiscard]] std::uint32_t failures() const { return failures_; }

  /// Replaces the rule. An open circuit stays open no longer than the new rule says, and one without a rule
  /// closes.
  void set_rule(CircuitRule rule, base::SteadyTime now);

 private:
  CircuitRule rule_;
  CircuitState state_ = CircuitState::closed;
  std::uint32_t failures_ = 0;
  base::SteadyTime open_until_ = base::SteadyTime::min();
};

}  // namespace jobqd::domain
