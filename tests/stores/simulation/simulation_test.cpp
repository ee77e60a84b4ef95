#include "stores/simulation/simulation.hpp"

#include <array>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <string_view>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace jobqd::stores::simulation {

namespace {

constexpr int steps = 2'000;

// About five seconds in either case.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t default_seeds = 15;
#else
constexpr std::uint64_t default_seeds = 250;
#endif

/// A whole number from the environment.
std::optional<std::uint64_t> number_from(const char* variable) {
  const char* set = std::getenv(variable);
  if (set == nullptr) return std::nullopt;
  const std::string_view text(set);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    throw std::invalid_argument(fmt::format("{} is {}, not a number", variable, text));
  return number;
}

std::array<char, 80> how_to_run_again;

/// A broken invariant aborts the process: the seed must be printed before.
void tell_seed(int /*signal*/) {
  [[maybe_unused]] const auto written =
      write(STDERR_FILENO, how_to_run_again.data(), how_to_run_again.size());
}

void simulate(std::uint64_t seed) {
  how_to_run_again = {};
  fmt::format_to_n(how_to_run_again.data(), how_to_run_again.size(), "to run it again: JOBQD_SIM_SEED={}\n",
                   seed);
  SCOPED_TRACE(how_to_run_again.data());
  EXPECT_NO_THROW(Simulation(seed).run(steps));
}

}  // namespace

/// JOBQD_SIM_SEEDS says how many seeds to run, JOBQD_SIM_SEED runs one.
TEST(EmbeddedSimulation, StoreAndModelAgreeAfterEveryStep) {
  std::signal(SIGABRT, tell_seed);
  if (const auto seed = number_from("JOBQD_SIM_SEED")) return simulate(*seed);
  const auto seeds = number_from("JOBQD_SIM_SEEDS").value_or(default_seeds);
  for (std::uint64_t seed = 1; seed <= seeds && !HasFailure(); ++seed) simulate(seed);
  std::signal(SIGABRT, SIG_DFL);
}

}  // namespace jobqd::stores::simulation
