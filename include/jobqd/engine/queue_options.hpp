#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include <jobqd/base/clock.hpp>
#include <jobqd/domain/circuit_breaker.hpp>
#include <jobqd/domain/rate_limit.hpp>
#include <jobqd/domain/retry_policy.hpp>

namespace jobqd::engine {

/// No limit to a number of bytes.
inline constexpr auto any_bytes = std::numeric_limits<std::size_t>::max();

/// What runs the jobs of a queue, as far as a store and its clients have to know.
struct QueueProcessor {
  std::string name = {};    ///< What it is called in the configuration; only shown.
  std::size_t workers = 0;  ///< Of this process; only shown.
  bool simulates = false;   ///< It only pretends to work.
  std::string fault = {};   ///< Why it does not work at present; no job starts until this is empty.
};

/// The options of one queue in a store.
struct QueueOptions {
  std::string name = "default";
  std::size_t capacity = 64;  ///< Jobs that may wait (status queued) before new ones are refused.
  std::size_t capacity_bytes = any_bytes;  ///< Like capacity, of their ids and payloads together.
  std::uint16_t max_retries = 0;           ///< For jobs that do not set it.
  base::milliseconds timeout{0};           ///< Like max_retries; 0: none.
  domain::RetryPolicy backoff = {};
  domain::RateLimit rate = {};  ///< Of starts.
  domain::CircuitRule circuit = {};
  std::optional<base::milliseconds> retention = {};     ///< If it differs from that of all queues.
  std::optional<std::uint32_t> interruptions_max = {};  ///< Like retention.
  bool remote = false;  ///< Remote workers lease its jobs; workers of this process do not run them.
  QueueProcessor processor = {};
};

}  // namespace jobqd::engine
