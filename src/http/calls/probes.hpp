#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include <jobqd/domain/error.hpp>
#include <jobqd/engine/operations.hpp>

#include "http/route.hpp"

namespace jobqd::http {

/// The health probes: whether the process answers, and whether it takes new jobs, which it does between
/// serve() and drain(). Outlived by `operations`; outlives its routes.
class ProbeCalls {
 public:
  explicit ProbeCalls(const engine::Operations& operations) : operations_(operations) {}

  [[nodiscard]] std::vector<Route> routes() const;

  /// The daemon has started: it is ready, as far as the store is. Any thread.
  void serve() { serving_.store(true, std::memory_order_release); }

  /// From now on the daemon is not ready. Any thread.
  void drain() { draining_ = true; }

  /// Before serve(): the error for everything that needs jobs, and its detail says how far the start has
  /// come.
  [[nodiscard]] std::optional<domain::Error> starting() const;

 private:
  void alive(const Request& request, const ExchangePtr& exchange) const;
  void ready(const Request& request, const ExchangePtr& exchange) const;
  /// All parts, one a line, and what is wrong with a queue that does not work.
  [[nodiscard]] std::string parts() const;

  const engine::Operations& operations_;
  std::atomic<bool> serving_{false};
  std::atomic<bool> draining_{false};
};

}  // namespace jobqd::http
