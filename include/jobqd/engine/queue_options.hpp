#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <jobqd/base/clock.hpp>
#include <jobqd/domain/circuit_breaker.hpp>
#include <jobqd/domain/rate_limit.hpp>
#include <jobqd/domain/retry_policy.hpp>

namespace jobqd::engine {

/// What a store goes by for one queue.
struct QueueOptions {
  std::string name = "default";
  std::size_t capacity = 64;      ///< Jobs that may wait (status queued) before new ones are refused.
  std::uint16_t max_retries = 0;  ///< For jobs that do not say.
  base::milliseconds timeout{0};  ///< As max_retries; 0: none.
  domain::RetryPolicy backoff = {};
  domain::RateLimit rate = {};  ///< Of starts.
  domain::CircuitRule circuit = {};
  std::optional<base::milliseconds> retention = {};     ///< Where it differs from that of all queues.
  std::optional<std::uint32_t> interruptions_max = {};  ///< As retention.
  bool remote = false;  ///< Remote workers lease its jobs; workers of this process do not run them.
};

}  // namespace jobqd::engine
