#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <jobqd/base/clock.hpp>
#include <jobqd/base/random.hpp>
#include <jobqd/engine/observer.hpp>
#include <jobqd/engine/queue_options.hpp>
#include <jobqd/engine/store.hpp>

namespace jobqd::stores {

using engine::QueueOptions;

struct EmbeddedOptions {
  std::vector<QueueOptions> queues{QueueOptions{}};
  base::milliseconds retention = std::chrono::hours{24};  ///< How long a finished job is kept.
  std::size_t retention_max = 100'000;                    ///< How many finished jobs are kept.
  std::size_t retention_bytes = 256UL * 1024 * 1024;      ///< How much of their payloads, results and errors.
  /// How many bytes payloads of waiting jobs take in memory. In a file the others stay on disk; without one
  /// no more are taken.
  std::size_t memory_budget = std::numeric_limits<std::size_t>::max();
  std::uint32_t interruptions_max = 10;  ///< More of them, and the job is failed.
};

/// Called, from any thread, when Clockwork::tick() has to be called earlier than it last said. Must not
/// block.
using DueChanged = std::function<void()>;

/// What a store needs of the rest of the process. All of it outlives the store.
struct Surroundings {
  const base::Clock& clock;
  base::Random& random;  ///< For the jitter of retries.
  engine::Observer& observer;
  DueChanged due_changed = [] {};
};

/// Keeps jobs in this process's memory only.
[[nodiscard]] std::unique_ptr<engine::Store> open_memory_store(const EmbeddedOptions& options,
                                                               Surroundings around);

/// What a store found when it was opened.
struct Recovery {
  std::uint64_t queued = 0;
  std::uint64_t interrupted = 0;  ///< Were running when the last process ended, and ended with it.
  std::uint64_t leased = 0;       ///< Were leased then, and still are.
  std::uint64_t finished = 0;
  std::vector<std::string> set_aside =
      {};  ///< Jobs whose rows are damaged: left in the file, not run. For people.
};

struct OpenedStore {
  std::unique_ptr<engine::Store> store;
  Recovery recovery;
};

/// Keeps jobs in memory and, synced before they are acknowledged, in the SQLite file at `path`, which is
/// created where there is none. One process at a time. The error is one line.
[[nodiscard]] std::expected<OpenedStore, std::string> open_sqlite_store(const std::string& path,
                                                                        const EmbeddedOptions& options,
                                                                        Surroundings around);

/// How many jobs of a file have been restored.
struct RestoredJobs {
  std::uint64_t done = 0;
  std::uint64_t all = 0;  ///< 0: they are not counted yet.
};

/// Called at least every 50 ms while jobs are restored, unless the machine is busy, on the thread that
/// restores them; returns whether to go on.
using GoOn = std::function<bool(RestoredJobs)>;

/// A store whose file is open and taken for this process, and whose jobs are still to be read from it.
struct UnrestoredStore {
  /// Until `restore` has returned a Recovery, only trouble() may be called, on any thread. It says how far
  /// the restoration has come.
  std::unique_ptr<engine::Store> store;

  /// Restores all jobs while another thread checks the pages of the file, and returns what was found when
  /// both are done; nothing, if it was asked not to go on. Then, and after an error, the store is of no use,
  /// and the file holds what it held. Once. The error is one line.
  std::move_only_function<std::expected<std::optional<Recovery>, std::string>(const GoOn& go_on)> restore;
};

/// The first half of open_sqlite_store(), for a daemon that answers while the jobs are restored.
[[nodiscard]] std::expected<UnrestoredStore, std::string> open_sqlite_file(const std::string& path,
                                                                           const EmbeddedOptions& options,
                                                                           Surroundings around);

}  // namespace jobqd::stores
