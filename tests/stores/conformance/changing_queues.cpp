// Queues that come and go while the store is open.

#include <thread>

#include "stores/conformance/leases.hpp"

namespace jobqd::stores {

namespace {

using std::chrono::seconds;

std::vector<std::string> names(const engine::Store& store) {
  std::vector<std::string> all;
  for (const auto& queue : store.queues()) all.push_back(queue.name);
  return all;
}

using Names = std::vector<std::string>;

domain::NewJob job_for(std::string queue, std::string id) {
  auto job = new_job(std::move(id));
  job.queue = std::move(queue);
  return job;
}

std::uint64_t purged(engine::Store& store, const support::ManualClock& clock, std::string_view queue) {
  Caught<std::uint64_t> count;
  store.purge({.queue = queue}, count.callback());
  store.tick(clock.now());
  return count.result().value();
}

}  // namespace

TEST_P(StoreConformance, AQueueThatIsAddedTakesAndStartsJobs) {
  EXPECT_EQ(code(submit(job_for("new", "a"))), ErrorCode::queue_not_found);
  ASSERT_TRUE(store->configure({.name = "new", .capacity = 1, .max_retries = 7}));
  EXPECT_EQ(names(*store), (Names{"default", "mail", "new"}));
  submit(job_for("new", "a")).value();
  EXPECT_EQ(code(submit(job_for("new", "b"))), ErrorCode::queue_full);
  EXPECT_EQ(job("a").max_retries, 7);
  support::settle(*store, claim("new"), engine::Done{});
  EXPECT_EQ(job("a").progress.status, Status::done);
}

TEST_P(StoreConformance, AQueueThatIsRemovedTakesNoJobsAndStartsNone) {
  submit(new_mail("a")).value();
  ASSERT_TRUE(store->remove_queue("mail"));
  EXPECT_FALSE(store->remove_queue("mail"));
  EXPECT_FALSE(store->remove_queue("nobody"));
  EXPECT_EQ(code(submit(new_mail("b"))), ErrorCode::queue_not_found);
  EXPECT_EQ(code(submit(new_mail("a"))), ErrorCode::queue_not_found);
  Caught<Claims> claimed;
  EXPECT_FALSE(store->claim({.queue = "mail"}, claimed.callback()));
  EXPECT_EQ(code(claimed.result()), ErrorCode::queue_not_found);
  EXPECT_FALSE(something_is_ready());
  EXPECT_EQ(job("a").progress.reason, Reason::no_queue);
}

TEST_P(StoreConformance, WhatIsLeftOfARemovedQueueIsListedSettledAndPurged) {
  const auto running = start(new_mail("running"));
  const auto retried = start(new_mail("retried"));
  submit({new_mail("a"), new_mail("b")}).value();
  ASSERT_TRUE(store->remove_queue("mail"));
  EXPECT_EQ(names(*store), (Names{"default", "mail"}));
  const auto state = store->queues().at(1);
  EXPECT_FALSE(state.configured);
  EXPECT_EQ(state.queued.of(Reason::no_queue), 2U);
  EXPECT_EQ(state.ready, 2U);
  EXPECT_EQ(ids(list({.queue = "mail"})), "b a retried running");
  EXPECT_TRUE(support::settle(*store, running, engine::Done{}));
  EXPECT_TRUE(support::settle(*store, retried, engine::Retry{.error = "e", .after = seconds{1}}));
  EXPECT_EQ(job("retried").progress.reason, Reason::no_queue);
  EXPECT_TRUE(cancel("a"));
  EXPECT_TRUE(retry("a"));
  advance(seconds{1});
  EXPECT_EQ(purged(*store, clock, "mail"), 3U);
  EXPECT_EQ(ids(list({.queue = "mail"})), "running");
  ASSERT_TRUE(remove("running"));
  EXPECT_EQ(names(*store), Names{"default"});
  Caught<engine::JobPage> none;
  store->list({.queue = "mail"}, none.callback());
  EXPECT_EQ(code(none.result()), ErrorCode::queue_not_found);
}

TEST_P(StoreConformance, AQueueThatComesBackGoesOnWithItsJobs) {
  submit({new_mail("a"), new_mail("b")}).value();
  ASSERT_TRUE(store->remove_queue("mail"));
  ASSERT_TRUE(store->configure({.name = "mail", .capacity = 2}));
  EXPECT_EQ(job("a").progress.reason, Reason::ready);
  EXPECT_EQ(code(submit(new_mail("c"))), ErrorCode::queue_full);
  EXPECT_EQ(claim("mail").id, "a");
}

TEST_P(StoreConformance, AQueueThatWasPausedComesBackPaused) {
  ASSERT_TRUE(result_of<void>([&](auto done) { store->set_paused("mail", true, std::move(done)); }));
  ASSERT_TRUE(store->remove_queue("mail"));
  ASSERT_TRUE(store->configure({.name = "other"}));
  ASSERT_TRUE(store->configure({.name = "mail"}));
  EXPECT_EQ(names(*store), (Names{"default", "mail", "other"}));
  EXPECT_TRUE(store->queues().at(1).paused);
}

TEST_P(StoreConformance, ManyQueuesMayComeAndGo) {
  for (int i = 0; i < 70'000; ++i) {
    const auto name = std::to_string(i);
    ASSERT_TRUE(store->configure({.name = name}));
    ASSERT_TRUE(store->remove_queue(name));
  }
  EXPECT_EQ(names(*store), (Names{"default", "mail"}));
}

TEST_P(StoreConformance, FinishedJobsOfARemovedQueueAreForgottenInTime) {
  ASSERT_TRUE(store->configure({.name = "mail", .retention = seconds{10}}));
  support::settle(*store, start(new_mail("a")), engine::Done{});
  ASSERT_TRUE(store->remove_queue("mail"));
  advance(seconds{9});
  EXPECT_EQ(job("a").progress.status, Status::done);
  advance(seconds{1});
  EXPECT_EQ(names(*store), Names{"default"});
}

TEST_P(StoreConformance, ClaimsOfARemovedQueueWaitNoLonger) {
  Caught<Claims> leased;
  ASSERT_TRUE(store->configure({.name = "remote", .remote = true}));
  auto wanted = request();
  wanted.queue = "remote";
  ASSERT_TRUE(store->claim(wanted, leased.callback()));
  ASSERT_TRUE(store->remove_queue("remote"));
  EXPECT_EQ(code(leased.result()), ErrorCode::queue_not_found);
}

TEST_P(StoreConformance, ALeaseWaitsNoLongerOnceItsQueueIsNotRemote) {
  Caught<Claims> leased;
  ASSERT_TRUE(store->claim(request(), leased.callback()));
  ASSERT_TRUE(store->configure({}));
  EXPECT_EQ(code(leased.result()), ErrorCode::invalid_field);
}

TEST_P(StoreConformance, AQueueThatDoesNotWorkAcceptsJobsAndStartsNone) {
  ASSERT_TRUE(store->configure({.name = "mail", .processor = {.fault = "it is not there"}}));
  submit(new_mail("a")).value();
  EXPECT_FALSE(something_is_ready());
  EXPECT_EQ(store->queues().at(1).processor.fault, "it is not there");
  Caught<Claims> claimed;
  EXPECT_TRUE(store->claim({.queue = "mail"}, claimed.callback()));
  EXPECT_FALSE(claimed.called());
  ASSERT_TRUE(store->configure({.name = "mail"}));
  EXPECT_EQ(ids(claimed.result().value()), "a");
}

// ThreadSanitizer watches this one. The name is longer than a string has room for by itself, so that it is
// written anew with each configuration.
TEST_P(StoreConformance, AQueueIsChangedWhileThreadsClaimItsJobs) {
  constexpr std::size_t jobs = 400;
  const engine::QueueOptions options{.name = "mail-for-customers-in-europe", .capacity = jobs};
  ASSERT_TRUE(store->configure(options));
  std::vector<domain::NewJob> all;
  for (std::size_t i = 0; i < jobs; ++i) all.push_back(job_for(options.name, std::to_string(i)));
  submit(std::move(all)).value();
  std::atomic<std::size_t> done = 0;
  std::vector<std::jthread> threads;
  for (int worker = 0; worker < 2; ++worker)
    threads.emplace_back([&] {
      while (const auto claimed = support::claim(*store, "mail-for-customers-in-europe"))
        if (claimed->queue == options.name && support::settle(*store, *claimed)) ++done;
    });
  threads.emplace_back([&] {
    while (done < jobs) EXPECT_EQ(store->queues().back().name, options.name);
  });
  for (std::size_t capacity = jobs; done < jobs; ++capacity) {
    auto changed = options;
    changed.capacity = capacity;
    changed.processor.name = "a processor with a name that is long";
    EXPECT_TRUE(store->configure(changed));
  }
  store->stop_claims();
  threads.clear();
  EXPECT_EQ(done, jobs);
}

TEST_P(StoreConformance, AQueueShowsItsProcessorAndItsWorkers) {
  ASSERT_TRUE(store->configure({.name = "mail", .processor = {.name = "exec", .workers = 3}}));
  EXPECT_EQ(store->queues().at(1).processor.name, "exec");
  EXPECT_EQ(store->queues().at(1).processor.workers, 3U);
}

}  // namespace jobqd::stores
