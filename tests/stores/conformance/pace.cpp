// Deferrals, circuit breakers, retention by queue, the events of the last minute, and the trace of a job.

#include <algorithm>
#include <map>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "stores/conformance/conformance.hpp"
#include "support/caught.hpp"

namespace jobqd::stores {

namespace {

using base::milliseconds;
using domain::CircuitState;
using domain::Reason;
using domain::Status;
using std::chrono::seconds;
using support::new_job;

const engine::Retry it_broke{.error = "it broke", .after = seconds{1}};

EmbeddedOptions with_circuit(EmbeddedOptions options) {
  options.queues.front().max_retries = 10;
  options.queues.front().circuit = {.failures = 2, .wait = seconds{30}};
  return options;
}

engine::Circuit circuit(const engine::Store& store) {
  return store.queues().at(0).circuit.value();
}

}  // namespace

TEST_P(StoreConformance, ADeferredJobComesAgainAndSpendsNoRetry) {
  support::settle(*store, start("a"), engine::Defer{.error = "busy", .after = seconds{5}});
  const domain::Progress waiting{
      .status = Status::queued, .reason = Reason::backoff, .deferrals = 1, .attempts = 1};
  EXPECT_EQ(job("a").progress, waiting);
  EXPECT_EQ(job("a").last_error, "busy");
  advance(seconds{5});
  EXPECT_EQ(claim().deferrals, 1U);
}

TEST_P(StoreConformance, AWorkerLearnsTheTraceOfItsJob) {
  auto traced = new_job("a");
  traced.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  EXPECT_EQ(start(traced).traceparent, traced.traceparent);
  EXPECT_EQ(start("b").traceparent, "");
}

TEST_P(StoreConformance, AWorkerLearnsWhenItsAttemptBeganAndSinceWhenItCouldHave) {
  const auto before = clock.now().wall;
  auto job = new_job("a");
  job.max_retries = 1;
  submit(job).value();
  advance(seconds{3});
  const auto first = claim();
  EXPECT_EQ(first.ready_at, before);
  EXPECT_EQ(first.started_at, before + seconds{3});
  support::settle(*store, first, engine::Retry{.error = "e", .after = seconds{5}});
  advance(seconds{7});
  const auto second = claim();
  EXPECT_EQ(second.ready_at, before + seconds{8});
  EXPECT_EQ(second.started_at, before + seconds{10});
  support::settle(*store, second, engine::Interrupted{});
  EXPECT_EQ(claim().ready_at, before + seconds{10}) << "since the interruption";
}

TEST_P(StoreConformance, TheTraceIsNoPartOfTheContent) {
  submit(new_job("a")).value();
  auto repeated = new_job("a");
  repeated.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  EXPECT_FALSE(submit(repeated).value().front().created);
}

TEST_P(StoreConformance, CountsTheEventsOfTheLastMinute) {
  finish("a");
  finish("b", engine::Retry{.error = "e"});
  finish("c", it_broke);
  finish("d", engine::Defer{.error = "busy", .after = seconds{1}});
  submit(new_job("e")).value();
  const auto minute = store->queues().at(0).last_minute;
  EXPECT_EQ(minute.enqueued, 5U);
  EXPECT_EQ(minute.started, 4U);
  EXPECT_EQ(minute.done, 1U);
  EXPECT_EQ(minute.failed, 2U);
  EXPECT_EQ(store->queues().at(1).last_minute.enqueued, 0U);
  advance(seconds{60});
  EXPECT_EQ(store->queues().at(0).last_minute.enqueued, 0U);
}

TEST_P(StoreConformance, AQueueMayKeepItsFinishedJobsForAnotherTime) {
  auto other = options();
  other.retention = seconds{100};
  other.queues.at(1).retention = seconds{10};
  open(std::move(other));
  finish("a");
  support::settle(*store, start(new_mail("m")), engine::Done{});
  const auto expiry = advance(seconds{9});
  EXPECT_EQ(expiry, clock.now().steady + seconds{1});
  EXPECT_EQ(job("m").progress.status, Status::done);
  const auto later = advance(seconds{1});
  EXPECT_EQ(later, clock.now().steady + seconds{90});
  EXPECT_EQ(code(find("m")), domain::ErrorCode::job_not_found);
  EXPECT_EQ(job("a").progress.status, Status::done);
}

TEST_P(StoreConformance, TheOldestFinishedJobOfAllQueuesGoesWhenThereAreTooMany) {
  auto few = options();
  few.retention_max = 2;
  open(std::move(few));
  support::settle(*store, start(new_mail("m1")), engine::Done{});
  finish("a");
  support::settle(*store, start(new_mail("m2")), engine::Done{});
  EXPECT_EQ(code(find("m1")), domain::ErrorCode::job_not_found);
  finish("b");
  EXPECT_EQ(code(find("a")), domain::ErrorCode::job_not_found);
  EXPECT_EQ(job("m2").progress.status, Status::done);
}

TEST_P(StoreConformance, AnOpenCircuitStartsNothing) {
  open(with_circuit(options()));
  for (const auto* id : {"x", "y"}) finish(id, it_broke);
  submit(new_job("a")).value();
  EXPECT_EQ(circuit(*store).state, CircuitState::open);
  EXPECT_EQ(circuit(*store).failures, 2U);
  EXPECT_EQ(circuit(*store).probes_in, seconds{30});
  EXPECT_FALSE(something_is_ready());
  advance(milliseconds{29'999});
  EXPECT_FALSE(something_is_ready());
  EXPECT_EQ(job("a").progress.attempts, 0U);
}

TEST_P(StoreConformance, OneJobProbesAndItsSuccessLetsAllGo) {
  open(with_circuit(options()));
  for (const auto* id : {"x", "y"}) finish(id, it_broke);
  submit({new_job("a"), new_job("b")}).value();
  const auto probing = advance(seconds{29});
  EXPECT_EQ(probing, clock.now().steady + seconds{1});
  advance(seconds{1});
  const auto probe = claim();
  EXPECT_EQ(circuit(*store).state, CircuitState::half_open);
  EXPECT_FALSE(something_is_ready());
  support::settle(*store, probe, engine::Done{});
  EXPECT_EQ(circuit(*store).state, CircuitState::closed);
  EXPECT_TRUE(something_is_ready());
}

TEST_P(StoreConformance, AProbeThatFailsBringsTheNextWait) {
  open(with_circuit(options()));
  for (const auto* id : {"x", "y"}) finish(id, it_broke);
  submit({new_job("a"), new_job("b")}).value();
  advance(seconds{30});
  support::settle(*store, claim(), engine::Retry{.error = "still", .after = seconds{100}});
  EXPECT_EQ(circuit(*store).probes_in, seconds{30});
  EXPECT_FALSE(something_is_ready());
  advance(seconds{30});
  EXPECT_TRUE(something_is_ready());
}

TEST_P(StoreConformance, TheNextProbeIsAnotherJobWhateverTheirPriorities) {
  auto once = with_circuit(options());
  once.queues.front().circuit.failures = 1;
  open(std::move(once));
  auto poisoned = new_job("poisoned");
  poisoned.priority = 100;
  finish("x", it_broke);
  submit({poisoned, new_job("b")}).value();
  advance(seconds{30});
  const auto probe = claim();
  EXPECT_EQ(probe.id, "poisoned");
  support::settle(*store, probe, it_broke);
  EXPECT_EQ(
      job("poisoned").progress,
      (domain::Progress{.status = Status::queued, .reason = Reason::backoff, .attempts = 1, .failures = 1}));
  advance(seconds{30});
  const auto next = claim();
  EXPECT_EQ(next.id, "b");
  support::settle(*store, next, engine::Done{});
  advance(seconds{1});
  EXPECT_EQ(claim().id, "poisoned");
}

TEST_P(StoreConformance, AFailedProbeWithoutAWaitGivesWayToWhatIsReady) {
  open(with_circuit(options()));
  for (const auto* id : {"x", "y"}) finish(id, it_broke);
  auto poisoned = new_job("poisoned");
  poisoned.priority = 100;
  submit({poisoned, new_job("b")}).value();
  advance(seconds{30});
  support::settle(*store, claim(), engine::Retry{.error = "at once", .after = milliseconds{0}});
  std::string next;
  store->claim({.queue = "default"}, [&next](const auto& claims) { next = claims.value().front().id; });
  EXPECT_EQ(next, "") << "the circuit is open";
  advance(seconds{30});
  EXPECT_EQ(next, "b");
}

TEST_P(StoreConformance, AReceiverThatAnswersOpensNoCircuit) {
  open(with_circuit(options()));
  for (const auto* id : {"x", "y", "z"})
    finish(id, engine::Retry{.error = "HTTP 404", .after = seconds{1}, .answered = true});
  EXPECT_EQ(circuit(*store).state, CircuitState::closed);
  EXPECT_EQ(circuit(*store).failures, 0U);
}

TEST_P(StoreConformance, TheNextProbeIsAskedForHoweverTheLastOneEnded) {
  open(with_circuit(options()));
  finish("done");
  for (const auto* id : {"x", "y"}) finish(id, it_broke);
  for (const auto& end :
       {engine::Outcome(engine::Retry{.error = "timed out"}), engine::Outcome(engine::Interrupted{})}) {
    submit(new_job(fmt::format("after{}", due_changes.load()))).value();
    advance(seconds{30});
    const auto probe = claim();
    const int said = due_changes;
    support::settle(*store, probe, end);
    EXPECT_TRUE(due_changes > said || something_is_ready());
  }
}

TEST_P(StoreConformance, AProbeThatIsCutShortGivesWayToAnother) {
  open(with_circuit(options()));
  for (const auto* id : {"x", "y"}) finish(id, it_broke);
  advance(seconds{30});
  support::settle(*store, claim(), engine::Interrupted{});
  EXPECT_TRUE(something_is_ready());
}

TEST_P(StoreConformance, ARejectedJobShowsThatTheReceiverIsWell) {
  open(with_circuit(options()));
  finish("x", it_broke);
  finish("y", engine::Fail{.error = "400"});
  finish("z", it_broke);
  EXPECT_EQ(circuit(*store).state, CircuitState::closed);
}

TEST_P(StoreConformance, DeferralsCountAsFailuresOfTheReceiver) {
  open(with_circuit(options()));
  for (const auto* id : {"x", "y"}) finish(id, engine::Defer{.error = "busy", .after = seconds{1}});
  EXPECT_EQ(circuit(*store).state, CircuitState::open);
}

TEST_P(StoreConformance, OtherQueuesDoNotWaitForIt) {
  open(with_circuit(options()));
  for (const auto* id : {"x", "y"}) finish(id, it_broke);
  submit(new_mail("m")).value();
  EXPECT_EQ(claim("mail").id, "m");
  EXPECT_FALSE(store->queues().at(1).circuit.has_value());
}

TEST_P(StoreConformance, ConcurrentClaimsStartJobsInOrderUnderARate) {
  auto with_rate = options();
  with_rate.queues.front().rate = {.per_second = 1'000, .burst = 2};
  open(std::move(with_rate));
  constexpr int jobs = 60;
  for (int i = 0; i < jobs; ++i) submit(new_job(fmt::format("{:03}", i))).value();
  std::mutex mutex;
  std::map<engine::FencingToken, std::string> started;
  {
    std::vector<std::jthread> workers;
    for (int i = 0; i < 4; ++i)
      workers.emplace_back([&] {
        while (const auto claimed = support::claim(*store, "default")) {
          const std::scoped_lock lock(mutex);
          started.emplace(claimed->token, claimed->id);
        }
      });
    const auto all_started = [&] {
      const std::scoped_lock lock(mutex);
      return started.size() == jobs;
    };
    const support::Patience patience;
    while (!all_started() && !patience.token().stop_requested()) advance(milliseconds{1});
    store->stop_claims();
  }
  std::vector<std::string> order;
  for (const auto& [token, id] : started) order.push_back(id);
  EXPECT_EQ(order.size(), jobs);
  EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST_P(StoreConformance, AQueueFollowsItsNewOptions) {
  submit({new_job("a"), new_job("b")}).value();
  EXPECT_TRUE(store->configure({.capacity = 1,
                                .max_retries = 7,
                                .timeout = seconds{9},
                                .rate = {.per_second = 1},
                                .circuit = {.failures = 1}}));
  EXPECT_EQ(code(submit(new_job("c"))), domain::ErrorCode::queue_full);
  EXPECT_EQ(job("a").max_retries, 0);
  EXPECT_EQ(claim().id, "a");
  EXPECT_FALSE(something_is_ready());
  advance(seconds{1});
  EXPECT_EQ(claim().id, "b");
  submit(new_job("d")).value();
  EXPECT_EQ(job("d").max_retries, 7);
  EXPECT_EQ(job("d").timeout, seconds{9});
  EXPECT_EQ(circuit(*store).state, CircuitState::closed);
  EXPECT_TRUE(store->configure({}));
  EXPECT_TRUE(something_is_ready());
  EXPECT_FALSE(store->queues().at(0).circuit.has_value());
}

TEST_P(StoreConformance, AChangedRetentionAppliesToFinishedJobs) {
  finish("a");
  EXPECT_TRUE(store->configure({.retention = seconds{10}}));
  advance(seconds{9});
  EXPECT_EQ(job("a").progress.status, Status::done);
  EXPECT_TRUE(store->configure({.retention = seconds{20}}));
  advance(seconds{10});
  EXPECT_EQ(job("a").progress.status, Status::done);
  advance(seconds{1});
  EXPECT_EQ(code(find("a")), domain::ErrorCode::job_not_found);
}

}  // namespace jobqd::stores
