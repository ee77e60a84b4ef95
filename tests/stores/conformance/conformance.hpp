#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <jobqd/base/mutex.hpp>
#include <jobqd/engine/store.hpp>
#include <jobqd/stores/embedded_store.hpp>

#include "support/attempts.hpp"
#include "support/jobs.hpp"
#include "support/manual_clock.hpp"

namespace jobqd::stores {

/// Opens an empty store for one test.
using OpenStore = std::unique_ptr<engine::Store> (*)(const EmbeddedOptions& options, Surroundings around);

/// The events that the store reports to its observer.
class Diary final : public engine::Observer {
 public:
  void submitted(std::string_view queue, std::size_t jobs) override;
  void refused(domain::ErrorCode why, std::string_view queue) override;
  void circuit_changed(std::string_view queue, domain::CircuitState from, domain::CircuitState to) override;
  void attempt_started(const engine::Claim& claim) override { note(" started:", claim); }
  void attempt_settled(const engine::Claim& claim, const engine::Resolution& resolution) override;
  void lease_expired(const engine::Claim& claim) override { note(" expired:", claim); }

  /// The events of leased attempts, in their order: " started:a done:a".
  [[nodiscard]] std::string leases() const {
    const base::MutexLock lock(mutex_);
    return leases_;
  }
  /// All other events since the last call, in their order, one a line.
  [[nodiscard]] std::vector<std::string> take() {
    const base::MutexLock lock(mutex_);
    return std::exchange(others_, {});
  }

 private:
  void note(std::string_view what, const engine::Claim& claim) {
    const base::MutexLock lock(mutex_);
    leases_.append(what).append(claim.id);
  }
  void note(std::string event) {
    const base::MutexLock lock(mutex_);
    others_.push_back(std::move(event));
  }

  mutable base::Mutex mutex_;
  std::string leases_ JOBQD_GUARDED_BY(mutex_);
  std::vector<std::string> others_ JOBQD_GUARDED_BY(mutex_);
};

/// The tests that every store has to pass. The tests are in this folder; a store joins with one
/// line: `INSTANTIATE_TEST_SUITE_P(Memory, StoreConformance, testing::Values(&open_memory_store));`
///
/// There are two queues: "default" with the defaults of QueueOptions, except that remote workers may lease
/// its jobs too, of which one has just asked, and "mail" with two places and three retries.
class StoreConformance : public testing::TestWithParam<OpenStore> {
 protected:
  StoreConformance();
  ~StoreConformance() override;

  /// Starts again with an empty store. A remote worker has just asked the queue "default" for a job.
  void open(const EmbeddedOptions& options);

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
  void finish(std::string id, engine::Outcome resolution = engine::Done{});

  /// Lets time pass, and does what is due then.
  std::optional<base::SteadyTime> advance(base::milliseconds by);

  /// Whether some job could be claimed now.
  [[nodiscard]] bool something_is_ready() const;
  [[nodiscard]] std::uint64_t count(domain::Status status) const;

  static EmbeddedOptions options();

  support::ManualClock clock;
  base::Random random{1};
  Diary diary;
  std::atomic<int> due_changes = 0;  ///< How often the store reported that something may be due earlier.
  std::unique_ptr<engine::Store> store;
};

/// A plain job that may be retried.
[[nodiscard]] domain::NewJob retryable(std::string id);

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
