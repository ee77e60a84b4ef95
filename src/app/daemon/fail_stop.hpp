#pragma once

#include <jobqd/engine/observer.hpp>

#include "app/logging/log.hpp"

namespace jobqd::app {

/// Ends the process with exit code 1 when the store is lost, because anything that an orderly stop would
/// still answer or write could be wrong. The last of the observers; the log outlives it.
class FailStop final : public engine::Observer {
 public:
  explicit FailStop(Log& log) : log_(log) {}
  [[noreturn]] void store_lost(std::string_view why) override;

 private:
  Log& log_;
};

}  // namespace jobqd::app
