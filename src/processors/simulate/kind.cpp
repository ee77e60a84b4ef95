#include "processors/simulate/kind.hpp"

#include "processors/simulate/simulate.hpp"

namespace jobqd::processors::simulate {

namespace {

constexpr Duration work_time{.low = base::milliseconds{0}, .high = std::chrono::hours{1}};

std::vector<Key> keys() {
  return {{.name = "simulate.min",
           .allowed = "a duration from 0ms to 1h",
           .type = work_time,
           .standard = {"100ms"},
           .setting = "SIMULATE_MIN"},
          {.name = "simulate.max",
           .allowed = "a duration from 0ms to 1h",
           .type = work_time,
           .standard = {"150ms"},
           .setting = "SIMULATE_MAX"},
          {.name = "simulate.failure_rate",
           .allowed = "a number from 0 to 1",
           .type = Number{.low = 0, .high = 1},
           .standard = {"0.2"},
           .setting = "SIMULATE_FAILURE_RATE"}};
}

Options options_of(const KeyValues& values) {
  Options options;
  values.get("simulate.min", options.shortest);
  values.get("simulate.max", options.longest);
  values.get("simulate.failure_rate", options.failure_rate);
  return options;
}

}  // namespace

ProcessorKind kind() {
  return {.name = "simulate",
          .keys = keys(),
          .simulates = true,
          .check =
              [](const KeyValues& values) {
                const auto options = options_of(values);
                return above("simulate.min", options.shortest, "simulate.max", options.longest);
              },
          .make =
              [](const ProcessorContext& context) {
                return std::make_unique<Simulate>(options_of(context.values), context.random);
              }};
}

}  // namespace jobqd::processors::simulate
