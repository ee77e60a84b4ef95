#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <jobqd/engine/store.hpp>
#include <jobqd/stores/embedded_store.hpp>

#include "support/jobs.hpp"
#include "support/manual_clock.hpp"
#include "support/patience.hpp"

namespace jobqd::stores {

/// Opens an empty store for one test.
using OpenStore = std::unique_ptr<engine::Store> (*)(EmbeddedOptions options, const base::Clock& clock,
                                                     DueChanged due_changed);

/// What every store has to do. The tests are in the files store_conformance_*.cpp; a store joins with one
/// line: `INSTANTIATE_TEST_SUITE_P(Memory, StoreConformance, testing::Values(&open_memory_store));`
///
/// There are two queues: "default" as QueueOptions has it, and "mail" with two places and three retries.
class StoreConformance : public testing::TestWithParam<OpenStore> {
 protected:
  StoreConformance();
  ~StoreConformance() override;

  /// Starts again with an empty store.
  void open(EmbeddedOptions options);

  // The calls of the store, answered before they return. Those without Expected throw when refused.
  engine::Expected<std::vector<engine::Submitted>> submit(std::vector<domain::NewJob> jobs);
  engine::Expected<std::vector<engine::Submitted>> submit(domain::NewJob job);
  engine::Expected<domain::Job> find(std::string_view id);
  engine::Expected<domain::Job> cancel(std::string_view id);
  engine::Expected<domain::Job> retry(std::string_view id);
  engine::Expected<void> remove(std::string_view id);
  engine::JobPage list(const engine::ListQuery& query);
  domain::Job job(std::string_view id);
  engine::Claim claim(std::string_view queue = "default");

  // Several of them at once.
  engine::Claim start(domain::NewJob job);
  engine::Claim start(std::string id);
  void finish(std::string id, engine::Resolution resolution = engine::Done{});

  /// Time passes, and what is due then is done.
  std::optional<base::SteadyTime> advance(base::milliseconds by);

  /// Whether some job could be claimed now.
  [[nodiscard]] bool something_is_ready() const;
  [[nodiscard]] std::uint64_t count(domain::Status status) const;

  static EmbeddedOptions options();

  support::ManualClock clock;
  std::atomic<int> due_changes = 0;  ///< How often the store said that something may be due earlier.
  support::Patience patience;
  std::unique_ptr<engine::Store> store;
};

/// A plain job for the queue "mail".
[[nodiscard]] domain::NewJob new_mail(std::string id);

/// The ids of the jobs of a page, one after the other: "c b a".
[[nodiscard]] std::string ids(const engine::JobPage& page);

/// Empty when it succeeded.
template <class T>
[[nodiscard]] std::optional<domain::ErrorCode> code(const engine::Expected<T>& result) {
  return result ? std::nullopt : std::optional(result.error().code);
}

}  // namespace jobqd::stores
