#pragma once

#include <jobqd/base/random.hpp>
#include <jobqd/engine/processor.hpp>

namespace jobqd::processors {

/// Pretends to work: waits a random time, then succeeds or fails at random. For trying the daemon out and for
/// tests. Thread-safe. A stop ends the wait at once, with Interrupted.
class Simulate final : public engine::Processor {
 public:
  struct Options {
    base::milliseconds shortest{100};  ///< 0 or more.
    base::milliseconds longest{150};   ///< At least `shortest`.
    double failure_rate = 0.2;         ///< 0 to 1.
  };

  Simulate(Options options, base::Random& random);

  [[nodiscard]] engine::Outcome process(const engine::Claim& claim, std::stop_token stop) override;

 private:
  const Options options_;
  base::Random& random_;
};

}  // namespace jobqd::processors
