// Why a queued job waits.

#include <numeric>

#include "stores/conformance/leases.hpp"

namespace jobqd::stores {

namespace {

using std::chrono::seconds;

const engine::Retry it_broke{.error = "it broke", .after = seconds{3'600}};

/// The reason of a job, once it is the same for the job by its id, in the list, and in the counts of its
/// queue.
Reason agreed(engine::Store& store, std::string_view id) {
  const auto found = result_of<domain::Job>([&](auto done) { store.find(id, std::move(done)); }).value();
  const auto reason = found.progress.reason;
  const auto page = result_of<engine::JobPage>([&](auto done) { store.list({}, std::move(done)); }).value();
  for (const auto& listed : page.jobs) {
    if (listed.id == id) {
      EXPECT_EQ(listed.progress.reason, reason);
    }
  }
  for (const auto& queue : store.queues()) {
    if (queue.name == found.queue) {
      EXPECT_GT(queue.queued.of(reason), 0U) << domain::to_string(reason);
    }
    EXPECT_EQ(std::accumulate(queue.queued.by_reason.begin(), queue.queued.by_reason.end(), std::uint64_t{0}),
              queue.counts.of(Status::queued));
  }
  return reason;
}

engine::QueueOptions mail() {
  return {.name = "mail", .capacity = 10, .max_retries = 3};
}

void pause_mail(engine::Store& store) {
  ASSERT_TRUE(result_of<void>([&](auto done) { store.set_paused("mail", true, std::move(done)); }));
}

}  // namespace

TEST_P(StoreConformance, TheFirstReasonThatIsTrueIsShown) {
  auto limited_mail = mail();
  limited_mail.circuit = {.failures = 1, .wait = seconds{30}};
  limited_mail.rate = {.per_second = 0.001, .burst = 2};
  ASSERT_TRUE(store->configure(limited_mail));
  submit(new_mail("waits")).value();
  EXPECT_EQ(agreed(*store, "waits"), Reason::ready);
  auto first = new_mail("first");
  first.priority = 1;
  support::settle(*store, start(first), engine::Done{});
  first.id = "second";
  support::settle(*store, start(first), engine::Done{});
  EXPECT_EQ(agreed(*store, "waits"), Reason::throttled);

  limited_mail.rate = {};
  ASSERT_TRUE(store->configure(limited_mail));
  EXPECT_EQ(agreed(*store, "waits"), Reason::ready);
  first.id = "third";
  support::settle(*store, start(first), it_broke);
  EXPECT_EQ(agreed(*store, "third"), Reason::backoff);
  EXPECT_EQ(agreed(*store, "waits"), Reason::circuit_open);

  pause_mail(*store);
  EXPECT_EQ(agreed(*store, "waits"), Reason::paused);
  limited_mail.processor.fault = "the program is not there";
  ASSERT_TRUE(store->configure(limited_mail));
  EXPECT_EQ(agreed(*store, "waits"), Reason::not_working);
  EXPECT_EQ(agreed(*store, "third"), Reason::backoff) << "until it is due";
  ASSERT_TRUE(store->remove_queue("mail"));
  for (const auto* id : {"waits", "third"}) EXPECT_EQ(agreed(*store, id), Reason::no_queue);
}

TEST_P(StoreConformance, AJobThatIsNotDueIsDelayed) {
  auto delayed = new_mail("a");
  delayed.delay = seconds{10};
  submit(delayed).value();
  pause_mail(*store);
  EXPECT_EQ(agreed(*store, "a"), Reason::delayed);
  advance(seconds{10});
  EXPECT_EQ(agreed(*store, "a"), Reason::paused);
}

TEST_P(StoreConformance, AProbeKeepsTheCircuitOpenForTheOthers) {
  auto with_circuit = mail();
  with_circuit.circuit = {.failures = 1, .wait = seconds{30}};
  ASSERT_TRUE(store->configure(with_circuit));
  support::settle(*store, start(new_mail("x")), it_broke);
  submit({new_mail("a"), new_mail("b")}).value();
  advance(seconds{30});
  EXPECT_EQ(agreed(*store, "a"), Reason::ready) << "it probes";
  ASSERT_EQ(claim("mail").id, "a");
  EXPECT_EQ(agreed(*store, "b"), Reason::circuit_open);
}

TEST_P(StoreConformance, AJobNotYetAcknowledgedIsNotCounted) {
  submit(new_job("a")).value();
  EXPECT_EQ(count(Status::queued), 1U);
  agreed(*store, "a");
}

TEST_P(StoreConformance, ARemoteQueueHasNoWorkerBeforeTheFirstAsks) {
  ASSERT_TRUE(store->configure({.name = "remote", .remote = true}));
  auto job = new_job("a");
  job.queue = "remote";
  submit(job).value();
  EXPECT_EQ(agreed(*store, "a"), Reason::no_worker);
}

TEST_P(StoreConformance, ARemoteQueueHasNoWorkerUntilOneAsks) {
  advance(seconds{60});
  submit({new_job("a"), new_job("b"), new_job("c")}).value();
  EXPECT_EQ(agreed(*store, "a"), Reason::no_worker);
  EXPECT_EQ(ids(lease_now(*store, request(1, seconds{10}))), "a");
  EXPECT_EQ(agreed(*store, "b"), Reason::ready);
  advance(seconds{10});  // The lease runs out.
  EXPECT_EQ(agreed(*store, "a"), Reason::ready);
  advance(milliseconds{59'999});
  EXPECT_EQ(agreed(*store, "b"), Reason::ready);
  advance(milliseconds{1});
  for (const auto* id : {"a", "b"}) EXPECT_EQ(agreed(*store, id), Reason::no_worker);
}

TEST_P(StoreConformance, AWorkerThatFoundNoJobWasThere) {
  advance(seconds{60});
  EXPECT_EQ(ids(lease_now(*store)), "");
  submit(new_job("a")).value();
  EXPECT_EQ(agreed(*store, "a"), Reason::ready);
  advance(seconds{60});
  EXPECT_EQ(agreed(*store, "a"), Reason::no_worker);
}

TEST_P(StoreConformance, AWorkerIsThereAsLongAsItWaits) {
  ASSERT_TRUE(pause(*store, true));
  Caught<Claims> caught;
  const auto waiting = request();
  ASSERT_TRUE(store->claim(waiting, caught.callback()));
  submit(new_job("a")).value();
  advance(std::chrono::hours{1});
  ASSERT_TRUE(store->withdraw(waiting.wait_id));
  ASSERT_TRUE(pause(*store, false));
  EXPECT_EQ(agreed(*store, "a"), Reason::ready);
  advance(seconds{60});
  EXPECT_EQ(agreed(*store, "a"), Reason::no_worker);
}

TEST_P(StoreConformance, AWorkerIsThereAsLongAsItHoldsALease) {
  submit({new_job("a"), new_job("b")}).value();
  const auto leases = lease_now(*store, request(1, seconds{7'200}));
  advance(seconds{3'600});
  EXPECT_EQ(agreed(*store, "b"), Reason::ready);
  EXPECT_TRUE(complete(*store, "a", leases.at(0).token));
  advance(milliseconds{59'999});
  EXPECT_EQ(agreed(*store, "b"), Reason::ready);
  advance(milliseconds{1});
  EXPECT_EQ(agreed(*store, "b"), Reason::no_worker);
}

TEST_P(StoreConformance, JobsWithoutAWorkerAreReadyToBeLeased) {
  submit(new_job("a")).value();
  EXPECT_EQ(store->queues().at(0).ready, 1U);
  EXPECT_EQ(store->queues().at(0).oldest_ready, milliseconds{0}) << "they wait";
  EXPECT_TRUE(something_is_ready());
}

TEST_P(StoreConformance, ARunningJobShowsItsLease) {
  submit(new_job("a")).value();
  EXPECT_FALSE(job("a").lease);
  const auto leases = lease_now(*store, request(1, seconds{60}));
  ASSERT_TRUE(job("a").lease);
  EXPECT_EQ(job("a").lease->worker, "w");
  EXPECT_EQ(job("a").lease->expires_at, leases.at(0).lease->expires_at);
  advance(seconds{30});
  const auto extended = extend(*store, "a", leases.at(0).token, seconds{60}).value();
  EXPECT_EQ(list({}).jobs.at(0).lease->expires_at, extended.expires_at);
  EXPECT_TRUE(complete(*store, "a", leases.at(0).token));
  EXPECT_FALSE(job("a").lease);
}

TEST_P(StoreConformance, AJobThatRunsHereHasNoLease) {
  (void)start("a");
  EXPECT_FALSE(job("a").lease);
}

}  // namespace jobqd::stores
