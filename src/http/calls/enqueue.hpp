#pragma once

#include <vector>

#include <jobqd/base/clock.hpp>
#include <jobqd/base/random.hpp>
#include <jobqd/engine/intake.hpp>

#include "http/route.hpp"

namespace jobqd::http {

/// POST /enqueue: takes jobs in. Everything it is made with outlives it, and it outlives its routes.
class EnqueueCalls {
 public:
  EnqueueCalls(engine::Intake& intake, const base::Clock& clock, base::Random& random)
      : intake_(intake), clock_(clock), random_(random) {}

  [[nodiscard]] std::vector<Route> routes() const;

 private:
  void enqueue(const Request& request, ExchangePtr exchange) const;

  engine::Intake& intake_;
  const base::Clock& clock_;
  base::Random& random_;
};

}  // namespace jobqd::http
