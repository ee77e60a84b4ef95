#pragma once

#include <jobqd/http/observer.hpp>

#include "app/logging/log.hpp"

namespace jobqd::app {

/// Logs every change that operators make by the API, one line each. Thread-safe, as the log is, which
/// outlives it.
class AdminLog final : public http::Observer {
 public:
  explicit AdminLog(Log& log) : log_(log) {}

  void admin_changed(const http::AdminChange& change) override;

 private:
  Log& log_;
};

}  // namespace jobqd::app
