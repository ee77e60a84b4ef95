#pragma once

#include <string>
#include <vector>

#include <jobqd/base/clock.hpp>
#include <jobqd/engine/operations.hpp>

#include "http/route.hpp"

namespace jobqd::http {

/// Below /v1/jobs: shows jobs, waits for them, and changes them for clients. Outlived by `operations`;
/// outlives its routes.
class JobCalls {
 public:
  explicit JobCalls(engine::Operations& operations) : operations_(operations) {}

  [[nodiscard]] std::vector<Route> routes() const;

 private:
  void list(const Request& request, ExchangePtr exchange) const;
  void get(const Request& request, ExchangePtr exchange) const;
  void wait_for(const std::string& id, base::milliseconds wait, ExchangePtr exchange) const;
  void remove(const Request& request, ExchangePtr exchange) const;
  void cancel(const Request& request, ExchangePtr exchange) const;
  void retry(const Request& request, ExchangePtr exchange) const;

  engine::Operations& operations_;
};

}  // namespace jobqd::http
