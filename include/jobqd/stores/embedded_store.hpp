#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <jobqd/domain/clock.hpp>
#include <jobqd/engine/store.hpp>

namespace jobqd::stores {

/// One queue of an embedded store.
struct QueueOptions {
  std::string name = "default";
  std::size_t capacity = 64;      ///< Jobs that may wait (status queued) before new ones are refused.
  std::uint16_t max_retries = 0;  ///< For jobs that do not say.
};

struct EmbeddedOptions {
  std::vector<QueueOptions> queues{QueueOptions{}};
  domain::milliseconds retention = std::chrono::hours{24};  ///< How long a finished job is kept.
  std::size_t retention_max = 100'000;                      ///< How many finished jobs are kept.
  std::size_t retention_bytes = 256UL * 1024 * 1024;        ///< How much of their payloads, results and errors.
  std::uint32_t interruptions_max = 10;                     ///< More of them, and the job is failed.
};

/// Called, from any thread, when something may be due earlier than the last Store::tick() said. Must not block.
using DueChanged = std::function<void()>;

/// Jobs in this process's memory only. `clock` outlives the store.
[[nodiscard]] std::unique_ptr<engine::Store> open_memory_store(EmbeddedOptions options, const domain::Clock& clock,
                                                               DueChanged due_changed);

}  // namespace jobqd::stores
