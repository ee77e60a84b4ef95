#pragma once

#include <atomic>
#include <string>
#include <vector>

#include <jobqd/engine/operations.hpp>

#include "http/route.hpp"

namespace jobqd::http {

/// The health probes: whether the process answers, and whether it takes new jobs. Outlived by `operations`;
/// outlives its routes.
class ProbeCalls {
 public:
  explicit ProbeCalls(const engine::Operations& operations) : operations_(operations) {}

  [[nodiscard]] std::vector<Route> routes() const;

  /// From now on the daemon is not ready. Any thread.
  void drain() { draining_ = true; }

 private:
  void alive(const Request& request, const ExchangePtr& exchange) const;
  void ready(const Request& request, const ExchangePtr& exchange) const;
  /// All parts, one a line, and what is wrong with a queue that does not work.
  [[nodiscard]] std::string parts() const;

  const engine::Operations& operations_;
  std::atomic<bool> draining_{false};
};

}  // namespace jobqd::http
