// Operations on a queue as a whole.

#include <thread>

#include "stores/conformance/conformance.hpp"
#include "support/caught.hpp"

namespace jobqd::stores {

namespace {

using base::milliseconds;
using domain::ErrorCode;
using domain::Reason;
using domain::Status;
using support::Caught;
using support::new_job;
using support::result_of;

engine::Expected<void> pause(engine::Store& store, std::string_view queue, bool paused = true) {
  return result_of<void>([&](auto done) { store.set_paused(queue, paused, std::move(done)); });
}

}  // namespace

TEST_P(StoreConformance, APausedQueueAcceptsAndDoesNotStart) {
  submit(new_job("before")).value();
  ASSERT_TRUE(pause(*store, "default"));
  submit(new_job("after")).value();
  EXPECT_FALSE(something_is_ready());
  EXPECT_TRUE(store->queues().at(0).paused);
  EXPECT_EQ(store->queues().at(0).ready, 2U);
  for (const auto* id : {"before", "after"}) EXPECT_EQ(job(id).progress.reason, Reason::paused) << id;
}

TEST_P(StoreConformance, AResumedQueueGoesOnInItsOrder) {
  ASSERT_TRUE(pause(*store, "default"));
  submit({new_job("a"), new_job("b")}).value();
  ASSERT_TRUE(pause(*store, "default", false));
  EXPECT_EQ(job("a").progress.reason, Reason::ready);
  EXPECT_EQ(claim().id, "a");
  EXPECT_EQ(claim().id, "b");
}

TEST_P(StoreConformance, AWaitingClaimGetsItsJobWhenItsQueueIsResumed) {
  ASSERT_TRUE(pause(*store, "default"));
  submit(new_job("a")).value();
  std::optional<engine::Claim> claimed;
  {
    const std::jthread worker([&] { claimed = support::claim(*store, "default"); });
    ASSERT_TRUE(pause(*store, "default", false));
  }
  EXPECT_EQ(claimed.value().id, "a");
}

TEST_P(StoreConformance, ClaimsOfAPausedQueueEndWhenClaimsStop) {
  ASSERT_TRUE(pause(*store, "default"));
  submit(new_job("a")).value();
  store->stop_claims();
  EXPECT_FALSE(support::claim(*store, "default").has_value());
}

TEST_P(StoreConformance, AJobThatRunsGoesOnWhileItsQueueIsPaused) {
  const auto claimed = start(retryable("a"));
  ASSERT_TRUE(pause(*store, "default"));
  EXPECT_TRUE(support::settle(*store, claimed, engine::Retry{.error = "e", .after = milliseconds{10}}));
  EXPECT_EQ(job("a").progress.reason, Reason::backoff);
  advance(milliseconds{10});
  EXPECT_EQ(job("a").progress.reason, Reason::paused);
  EXPECT_FALSE(something_is_ready());
}

TEST_P(StoreConformance, OneQueueIsPausedAndNotTheOther) {
  ASSERT_TRUE(pause(*store, "mail"));
  submit(new_job("a")).value();
  EXPECT_EQ(claim().id, "a");
}

TEST_P(StoreConformance, JobsOfAPausedQueueAreCancelledRemovedAndRetriedAsAlways) {
  finish("failed", engine::Retry{.error = "e"});
  ASSERT_TRUE(pause(*store, "default"));
  submit({new_job("a"), new_job("b")}).value();
  EXPECT_TRUE(cancel("a"));
  EXPECT_TRUE(remove("b"));
  EXPECT_TRUE(retry("failed"));
  EXPECT_EQ(job("failed").progress.reason, Reason::paused);
}

TEST_P(StoreConformance, AQueueThatIsNotThereIsNotChanged) {
  EXPECT_EQ(code(pause(*store, "nobody")), ErrorCode::queue_not_found);
  Caught<std::uint64_t> retried;
  store->retry_all({.queue = "nobody"}, retried.callback());
  EXPECT_EQ(code(retried.result()), ErrorCode::queue_not_found);
  Caught<std::uint64_t> purged;
  store->purge({.queue = "nobody"}, purged.callback());
  EXPECT_EQ(code(purged.result()), ErrorCode::queue_not_found);
}

TEST_P(StoreConformance, AllFailedJobsOfAQueueAreRetried) {
  for (const auto* id : {"a", "b"}) finish(id, engine::Retry{.error = "e"});
  finish("done");
  auto other = new_job("other");
  other.queue = "mail";
  support::settle(*store, start(other), engine::Fail{.error = "e"});
  Caught<std::uint64_t> retried;
  store->retry_all({.queue = "default"}, retried.callback());
  advance(milliseconds{0});
  EXPECT_EQ(retried.result().value(), 2U);
  for (const auto* id : {"a", "b"}) EXPECT_EQ(job(id).progress.status, Status::queued) << id;
  EXPECT_EQ(job("done").progress.status, Status::done);
  EXPECT_EQ(job("other").progress.status, Status::failed);
}

TEST_P(StoreConformance, ARetryOfAQueueLeavesCancelledJobsAloneUnlessItNamesThem) {
  finish("exhausted", engine::Retry{.error = "e"});
  finish("rejected", engine::Fail{.error = "e"});
  submit(new_job("cancelled")).value();
  ASSERT_TRUE(cancel("cancelled"));
  const auto retry_all = [this](std::optional<Reason> reason, bool dry_run) {
    Caught<std::uint64_t> retried;
    store->retry_all({.queue = "default", .reason = reason, .dry_run = dry_run}, retried.callback());
    advance(milliseconds{0});
    return retried.result().value();
  };
  EXPECT_EQ(retry_all({}, true), 2U);
  EXPECT_EQ(retry_all(Reason::cancelled, true), 1U);
  EXPECT_EQ(count(Status::failed), 3U) << "a dry run changes nothing";
  EXPECT_EQ(retry_all(Reason::rejected, false), 1U);
  EXPECT_EQ(job("rejected").progress.status, Status::queued);
  EXPECT_EQ(retry_all({}, false), 1U);
  EXPECT_EQ(job("cancelled").progress.reason, Reason::cancelled);
  EXPECT_EQ(retry_all(Reason::cancelled, false), 1U);
  EXPECT_EQ(count(Status::queued), 3U);
}

TEST_P(StoreConformance, APurgeTakesTheStatusThatItNames) {
  finish("done");
  finish("failed", engine::Fail{.error = "e"});
  submit(new_job("queued")).value();
  const auto purge = [this](Status status, bool dry_run) {
    Caught<std::uint64_t> purged;
    store->purge({.queue = "default", .status = status, .dry_run = dry_run}, purged.callback());
    advance(milliseconds{0});
    return purged.result().value();
  };
  for (const auto status : {Status::done, Status::failed, Status::queued}) {
    EXPECT_EQ(purge(status, true), 1U);
    EXPECT_EQ(count(status), 1U) << "a dry run changes nothing";
    EXPECT_EQ(purge(status, false), 1U);
    EXPECT_EQ(count(status), 0U);
  }
}

TEST_P(StoreConformance, APurgeRemovesQueuedJobsOnly) {
  finish("done");
  const auto running = start("running");
  auto delayed = new_job("delayed");
  delayed.delay = milliseconds{1'000};
  submit({new_job("ready"), delayed}).value();
  Caught<std::uint64_t> purged;
  store->purge({.queue = "default"}, purged.callback());
  submit(new_job("newer")).value();
  advance(milliseconds{0});
  EXPECT_EQ(purged.result().value(), 2U);
  EXPECT_EQ(ids(list({})), "newer running done");
  EXPECT_TRUE(support::settle(*store, running, engine::Done{}));
  EXPECT_EQ(claim().id, "newer");
}

TEST_P(StoreConformance, ALargePurgeLetsOthersHaveTheirTurn) {
  auto many = options();
  many.queues.at(0).capacity = 5'000;
  open(std::move(many));
  std::vector<domain::NewJob> jobs;
  for (int i = 0; i < 2'500; ++i) jobs.push_back(new_job("job-" + std::to_string(i)));
  submit(std::move(jobs)).value();
  Caught<std::uint64_t> purged;
  store->purge({.queue = "default"}, purged.callback());
  EXPECT_EQ(advance(milliseconds{0}), clock.now().steady) << "it wants to go on at once";
  EXPECT_FALSE(purged.called());
  EXPECT_GT(count(Status::queued), 0U);
  for (int i = 0; i < 10 && !purged.called(); ++i) advance(milliseconds{0});
  EXPECT_EQ(purged.result().value(), 2'500U);
  EXPECT_EQ(count(Status::queued), 0U);
  EXPECT_EQ(store->queues().at(0).ready, 0U);
}

TEST_P(StoreConformance, AQueueStartsNoFasterThanItsRate) {
  auto limited = options();
  limited.queues.at(0).rate = {.per_second = 10, .burst = 2};
  open(std::move(limited));
  submit({new_job("a"), new_job("b"), new_job("c"), new_job("d")}).value();
  EXPECT_EQ(claim().id, "a");
  EXPECT_EQ(claim().id, "b");
  EXPECT_EQ(advance(milliseconds{0}), clock.now().steady + milliseconds{100});
  EXPECT_FALSE(something_is_ready());
  advance(milliseconds{99});
  EXPECT_FALSE(something_is_ready());
  advance(milliseconds{1});
  EXPECT_EQ(claim().id, "c");
  EXPECT_FALSE(something_is_ready());
  advance(milliseconds{100});
  EXPECT_EQ(claim().id, "d");
}

TEST_P(StoreConformance, ARateIsOfOneQueueAlone) {
  auto limited = options();
  limited.queues.at(0).rate = {.per_second = 0.001};
  open(std::move(limited));
  submit({new_job("a"), {.id = "b", .queue = "mail"}, {.id = "c", .queue = "mail"}}).value();
  EXPECT_EQ(claim().id, "a");
  EXPECT_EQ(claim("mail").id, "b");
  EXPECT_EQ(claim("mail").id, "c");
}

TEST_P(StoreConformance, AQueueMayHaveItsOwnCapOnInterruptions) {
  auto own = options();
  own.queues.at(1).interruptions_max = 0;
  open(std::move(own));
  auto mail = new_job("mail");
  mail.queue = "mail";
  submit({new_job("a"), mail}).value();
  EXPECT_TRUE(support::settle(*store, claim(), engine::Interrupted{}));
  EXPECT_TRUE(support::settle(*store, claim("mail"), engine::Interrupted{}));
  EXPECT_EQ(job("a").progress.status, Status::queued);
  EXPECT_EQ(job("mail").progress.reason, Reason::interrupted);
}

}  // namespace jobqd::stores
