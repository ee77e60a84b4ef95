#include "stores/embedded/restore_progress.hpp"

#include <fmt/format.h>

namespace jobqd::stores::embedded {

namespace {

/// With a comma before each three digits.
std::string grouped(std::uint64_t number) {
  auto text = fmt::to_string(number);
  for (auto end = text.size(); end > 3; end -= 3) text.insert(end - 3, ",");
  return text;
}

}  // namespace

std::string RestoreProgress::describe() const {
  if (!under_way()) return {};
  const auto done = done_.load(std::memory_order_relaxed);
  const auto all = all_.load(std::memory_order_relaxed);
  if (all == 0) return fmt::format("restoring {} jobs so far", grouped(done));
  return fmt::format("restoring {} of {} jobs", grouped(done), grouped(all));
}

}  // namespace jobqd::stores::embedded
