#pragma once

#include <jobqd/traces/exporter.hpp>

#include "app/logging/log.hpp"

namespace jobqd::app {

/// Logs how the export of spans fares: a line when spans begin to be dropped, one when that is over.
/// Thread-safe, as the log is, which outlives it.
class ExportLog final : public traces::ExportEvents {
 public:
  explicit ExportLog(Log& log) : log_(log) {}

  void dropping(std::string_view why) override {
    log_.write_admin(LogLevel::warn, "spans are dropped", {{"why", why}});
  }
  void delivering(std::uint64_t dropped) override {
    log_.write_admin(LogLevel::info, "no more spans are dropped", {{"dropped", dropped}});
  }
  void warned(std::string_view message) override {
    log_.write_admin(LogLevel::warn, "the collector warns", {{"message", message}});
  }

 private:
  Log& log_;
};

}  // namespace jobqd::app
