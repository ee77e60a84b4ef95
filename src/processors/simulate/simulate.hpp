#pragma once

#include <jobqd/base/random.hpp>
#include <jobqd/engine/processor.hpp>

namespace jobqd::processors::simulate {

struct Options {
  base::milliseconds shortest{100};  ///< At least 0.
  base::milliseconds longest{150};   ///< At least `shortest`.
  double failure_rate = 0.2;         ///< 0 to 1.
};

/// Pretends to work: waits a random time, then succeeds or fails at random. For tests, and for trying the
/// daemon out. Thread-safe. A stop ends the wait at once, with Interrupted.
class Simulate final : public engine::Processor {
 public:
  /// `random` outlives the processor.
  Simulate(Options options, base::Random& random) : options_(options), random_(random) {}

  [[nodiscard]] engine::Outcome process(const engine::Claim& claim, std::stop_token stop) override;

 private:
  const Options options_;
  base::Random& random_;
};

}  // namespace jobqd::processors::simulate
