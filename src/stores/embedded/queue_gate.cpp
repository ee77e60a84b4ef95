#include "stores/embedded/queue_gate.hpp"

#include <algorithm>

namespace jobqd::stores::embedded {

namespace {

constexpr base::milliseconds shortage_shown{5'000};

}  // namespace

QueueGate::QueueGate(domain::RateLimit rate, domain::CircuitRule circuit)
    : rate_(rate), circuit_(circuit), limiter_(rate), breaker_(circuit) {}

bool QueueGate::try_start(base::SteadyTime now) {
  if (paused_ || next_start() > now) return false;
  if (rate_.limits()) limiter_.take(now);
  if (circuit_.applies()) breaker_.started();
  return true;
}

void QueueGate::start_undone(base::SteadyTime now) {
  if (rate_.limits()) limiter_.give_back();
  if (circuit_.applies()) breaker_.ended(now);
}

base::SteadyTime QueueGate::next_start() const {
  auto next = closed_until_;
  if (rate_.limits()) next = std::max(next, limiter_.next());
  if (circuit_.applies()) next = std::max(next, breaker_.next());
  return next;
}

domain::Reason QueueGate::reason(base::SteadyTime now) const {
  if (paused_) return domain::Reason::paused;
  if (circuit_.applies() && breaker_.next() > now) return domain::Reason::circuit_open;
  return next_start() > now ? domain::Reason::throttled : domain::Reason::ready;
}

void QueueGate::fall_short(std::string_view why, base::milliseconds pause, base::SteadyTime now) {
  shortage_ = why;
  closed_until_ = std::max(closed_until_, now + pause);
}

std::string_view QueueGate::shortage(base::SteadyTime now) const {
  return now < closed_until_ + shortage_shown ? std::string_view(shortage_) : std::string_view();
}

base::milliseconds QueueGate::probe_wait() const {
  return breaker_.state() == domain::CircuitState::half_open ? circuit_.wait : base::milliseconds{0};
}

void QueueGate::learn(domain::Lesson lesson, base::SteadyTime now) {
  if (!circuit_.applies()) return;
  switch (lesson) {
    case domain::Lesson::success:
      return breaker_.succeeded();
    case domain::Lesson::failure:
      return breaker_.failed(now);
    case domain::Lesson::nothing:
      return breaker_.ended(now);
  }
}

void QueueGate::configure(domain::RateLimit rate, domain::CircuitRule circuit, base::SteadyTime now) {
  if (rate != rate_) limiter_ = domain::RateLimiter(rate);
  breaker_.set_rule(circuit, now);
  rate_ = rate;
  circuit_ = circuit;
}

}  // namespace jobqd::stores::embedded
