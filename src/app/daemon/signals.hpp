#pragma once

#include <chrono>
#include <csignal>
#include <initializer_list>
#include <optional>

namespace jobqd::app {

[[nodiscard]] sigset_t signal_set(std::initializer_list<int> numbers);

/// Waits for one of these signals, which are blocked, and takes it; for no longer than `longest`, if that is
/// given. Returns its number, or a number below 0 if none came. Any thread.
[[nodiscard]] int next_signal(const sigset_t& signals, std::optional<std::chrono::nanoseconds> longest);

}  // namespace jobqd::app
