#include <jobqd/domain/circuit_breaker.hpp>

#include <array>

namespace jobqd::domain {

std::string_view to_string(CircuitState state) {
  constexpr std::array<std::string_view, 3> names{"closed", "open", "half_open"};
  return names.at(static_cast<std::size_t>(state));
}

base::SteadyTime CircuitBreaker::next() const {
  return state_ == CircuitState::half_open ? base::SteadyTime::max() : open_until_;
}

void CircuitBreaker::started() {
  if (state_ == CircuitState::open) state_ = CircuitState::half_open;
}

void CircuitBreaker::succeeded() {
  state_ = CircuitState::closed;
  failures_ = 0;
  open_until_ = base::SteadyTime::min();
}

void CircuitBreaker::failed(base::SteadyTime now) {
  if (!rule_.applies()) return;
  ++failures_;
  if (state_ == CircuitState::open || failures_ < rule_.failures) return;
  state_ = CircuitState::open;
  open_until_ = now + rule_.wait;
}

void CircuitBreaker::ended(base::SteadyTime now) {
  if (state_ != CircuitState::half_open) return;
  state_ = CircuitState::open;  // The next attempt is a probe, without a wait.
  open_until_ = now;
}

void CircuitBreaker::set_rule(CircuitRule rule, base::SteadyTime now) {
  rule_ = rule;
  if (state_ == CircuitState::open && open_until_ > now + rule.wait) open_until_ = now + rule.wait;
  if (!rule.applies()) succeeded();
}

}  // namespace jobqd::domain
