// What a store counts of each queue, for metrics and for those who scale workers.

#include <array>
#include <numeric>

#include "stores/conformance/leases.hpp"

namespace jobqd::stores {

namespace {

using engine::AttemptOutcome;
using std::chrono::microseconds;
using std::chrono::seconds;

std::vector<engine::QueueCounts> all_counts(const engine::Store& store) {
  std::vector<engine::QueueCounts> all;
  std::array<engine::QueueCounts, 64> part;
  std::size_t from = 0;
  do {
    const auto copied = store.copy_counts(from, part);
    all.insert(all.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(copied.queues));
    from = copied.next;
  } while (from != 0);
  return all;
}

engine::QueueCounts counts_of(const engine::Store& store, std::string_view name) {
  for (auto& queue : all_counts(store))
    if (queue.name == name) return queue;
  ADD_FAILURE() << "there is no queue " << name;
  return {};
}

/// All jobs, by the states that are counted.
std::uint64_t sum_of_states(const engine::QueueCounts& queue) {
  const auto& queued = queue.queued.by_reason;
  return std::accumulate(queued.begin(), queued.end(), std::uint64_t{0}) + queue.counts.of(Status::running) +
         queue.counts.of(Status::done) + queue.counts.of(Status::failed);
}

}  // namespace

TEST_P(StoreConformance, CountsWhatHasHappenedToTheJobsOfAQueue) {
  submit({retryable("done"), retryable("again"), retryable("deferred"), new_job("rejected"),
          new_job("exhausted"), new_job("cancelled"), new_job("unstarted"), new_job("waits")})
      .value();
  submit(retryable("done")).value();
  support::settle(*store, claim(), engine::Done{});
  support::settle(*store, claim(), engine::Retry{.error = "e", .after = seconds{60}});
  support::settle(*store, claim(), engine::Defer{.error = "e", .after = seconds{60}});
  support::settle(*store, claim(), engine::Fail{.error = "e"});
  support::settle(*store, claim(), engine::Retry{.error = "e"});
  const auto cancelled = claim();
  cancel("cancelled").value();
  support::settle(*store, cancelled, engine::Interrupted{});
  support::settle(*store, claim(), engine::Unstarted{});
  support::settle(*store, claim(), engine::Interrupted{});
  cancel("waits").value();

  const auto queue = counts_of(*store, "default");
  EXPECT_EQ(queue.totals.enqueued, 8U);
  EXPECT_EQ(queue.totals.deduplicated, 1U);
  EXPECT_EQ(queue.totals.started(queue.counts.of(Status::running)), 8U);
  for (const auto outcome :
       {AttemptOutcome::done, AttemptOutcome::deferred, AttemptOutcome::rejected, AttemptOutcome::cancelled,
        AttemptOutcome::unstarted, AttemptOutcome::interrupted})
    EXPECT_EQ(queue.totals.ended(outcome), 1U) << engine::to_string(outcome);
  EXPECT_EQ(queue.totals.ended(AttemptOutcome::failed), 2U);
  EXPECT_EQ(queue.totals.ended(AttemptOutcome::timeout), 0U);
  EXPECT_EQ(queue.totals.failed.of(Reason::rejected), 1U);
  EXPECT_EQ(queue.totals.failed.of(Reason::exhausted), 1U);
  EXPECT_EQ(queue.totals.failed.of(Reason::cancelled), 2U);
  EXPECT_EQ(queue.totals.waited.total(), 8U);
  EXPECT_EQ(queue.totals.ran.total(), 7U) << "one never began";
  EXPECT_EQ(sum_of_states(queue), 8U);
  EXPECT_EQ(counts_of(*store, "mail").totals.started(0), 0U);
}

TEST_P(StoreConformance, CountsAnAttemptThatRunsAsStarted) {
  const auto claimed = start("a");
  auto queue = counts_of(*store, "default");
  EXPECT_EQ(queue.totals.started(queue.counts.of(Status::running)), 1U);
  support::settle(*store, claimed, engine::Unstarted{});
  queue = counts_of(*store, "default");
  EXPECT_EQ(queue.totals.started(queue.counts.of(Status::running)), 1U) << "a counter never falls";
}

TEST_P(StoreConformance, CountsJobsThatAreDueWhateverTheyWaitFor) {
  auto later = new_job("later");
  later.delay = seconds{60};
  submit({new_job("a"), new_job("b"), later}).value();
  EXPECT_EQ(counts_of(*store, "default").ready, 2U);
  ASSERT_TRUE(pause(*store, true));
  EXPECT_EQ(counts_of(*store, "default").ready, 2U);
  ASSERT_TRUE(store->remove_queue("default"));
  EXPECT_EQ(counts_of(*store, "default").ready, 2U);
  EXPECT_EQ(store->queue("default")->ready, 2U);
}

TEST_P(StoreConformance, CountsATimeoutAsSuch) {
  const auto claimed = start(limited("a", milliseconds{10}));
  advance(milliseconds{10});
  support::settle(*store, claimed, engine::Interrupted{});
  EXPECT_EQ(counts_of(*store, "default").totals.ended(AttemptOutcome::timeout), 1U);
}

TEST_P(StoreConformance, CountsSubmissionsOnceTheyAreAccepted) {
  submit({new_mail("a"), new_mail("b")}).value();
  EXPECT_FALSE(submit(new_mail("c")));
  EXPECT_EQ(counts_of(*store, "mail").totals.enqueued, 2U);
}

TEST_P(StoreConformance, MeasuresFromWhenAJobIsDue) {
  auto delayed = retryable("delayed");
  delayed.delay = seconds{10};
  submit({retryable("a"), delayed}).value();
  advance(seconds{2});
  support::settle(*store, claim(), engine::Retry{.error = "e", .after = seconds{5}});
  advance(seconds{5});
  advance(seconds{1});
  EXPECT_EQ(counts_of(*store, "default").oldest_ready, seconds{1}) << "the backoff of a is no wait";
  (void)claim();
  advance(seconds{2});
  EXPECT_EQ(counts_of(*store, "default").oldest_ready, seconds{0}) << "just due";
  advance(seconds{3});
  (void)claim();
  const auto& waited = counts_of(*store, "default").totals.waited;
  EXPECT_EQ(waited.sum(), microseconds{seconds{2 + 1 + 3}}.count());
}

TEST_P(StoreConformance, MeasuresFromTheInterruptionOfAJob) {
  const auto claimed = start("a");
  advance(seconds{100});
  support::settle(*store, claimed, engine::Interrupted{});
  advance(seconds{3});
  EXPECT_EQ(counts_of(*store, "default").oldest_ready, seconds{3});
}

TEST_P(StoreConformance, HasNoOldestReadyJobWhileNoneMayStart) {
  submit(new_job("a")).value();
  advance(seconds{3});
  EXPECT_EQ(counts_of(*store, "default").oldest_ready, seconds{3});
  ASSERT_TRUE(pause(*store, true));
  EXPECT_EQ(counts_of(*store, "default").oldest_ready, seconds{0});
  EXPECT_TRUE(counts_of(*store, "default").paused);
}

TEST_P(StoreConformance, MeasuresHowLongAttemptsRun) {
  EXPECT_EQ(store->queue("default")->run_time, std::nullopt);
  auto claimed = start("a");
  advance(seconds{2});
  support::settle(*store, claimed, engine::Done{});
  EXPECT_EQ(store->queue("default")->run_time, seconds{2});
  claimed = start("b");
  advance(seconds{18});
  support::settle(*store, claimed, engine::Done{});
  EXPECT_EQ(store->queue("default")->run_time, seconds{3}) << "a sixteenth of the way to 18 s";
  EXPECT_EQ(counts_of(*store, "default").totals.ran.sum(), microseconds{seconds{20}}.count());
}

TEST_P(StoreConformance, CountsRemoteWorkersThatWait) {
  ASSERT_TRUE(store->configure({.name = "remote", .remote = true}));
  auto wanted = request();
  wanted.queue = "remote";
  EXPECT_TRUE(store->claim(wanted, [](const auto&) {}));
  EXPECT_EQ(counts_of(*store, "remote").lease_waiters, 1U);
  EXPECT_TRUE(store->withdraw(wanted.wait_id));
  EXPECT_EQ(counts_of(*store, "remote").lease_waiters, 0U);
}

TEST_P(StoreConformance, CopiesTheCountsOfManyQueuesInParts) {
  for (int i = 0; i < 150; ++i)
    ASSERT_TRUE(store->configure({.name = "queue" + std::to_string(i), .capacity = 7}));
  std::array<engine::QueueCounts, 200> part;
  const auto copied = store->copy_counts(0, part);
  EXPECT_EQ(copied.queues, 64U);
  EXPECT_EQ(copied.next, 64U);
  EXPECT_EQ(all_counts(*store).size(), 152U);
  EXPECT_EQ(counts_of(*store, "queue149").capacity, 7U);
  for (int i = 0; i < 150; ++i) ASSERT_TRUE(store->remove_queue("queue" + std::to_string(i)));
  EXPECT_EQ(all_counts(*store).size(), 2U);
}

TEST_P(StoreConformance, FindsOneQueueOfMany) {
  submit(new_mail("a")).value();
  EXPECT_EQ(store->queue("mail")->counts.of(Status::queued), 1U);
  EXPECT_FALSE(store->queue("nowhere"));
  ASSERT_TRUE(store->remove_queue("mail"));
  EXPECT_FALSE(store->queue("mail")->configured);
  EXPECT_TRUE(remove("a"));
  EXPECT_FALSE(store->queue("mail"));
  ASSERT_TRUE(store->configure({.name = "other"})) << "takes the place of mail";
  EXPECT_FALSE(store->queue("mail"));
  EXPECT_EQ(store->queue("other")->name, "other");
  ASSERT_TRUE(store->configure({.name = "mail"}));
  EXPECT_EQ(store->queue("mail")->name, "mail");
  EXPECT_EQ(counts_of(*store, "mail").totals.enqueued, 0U) << "it is a new queue";
}

}  // namespace jobqd::stores
