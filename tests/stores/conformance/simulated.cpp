// Jobs whose queue only pretends to work.

#include "stores/conformance/leases.hpp"

namespace jobqd::stores {

namespace {

using std::chrono::seconds;

const engine::QueueOptions simulating{
    .name = "mail", .max_retries = 3, .processor = {.name = "simulate", .simulates = true}};
const engine::QueueOptions working{.name = "mail", .max_retries = 3, .processor = {.name = "exec"}};

}  // namespace

TEST_P(StoreConformance, AJobIsSimulatedOnceAnAttemptThatPretendedHasEnded) {
  store->configure(simulating);
  const auto started = start(new_mail("a"));
  EXPECT_TRUE(started.simulated);
  EXPECT_FALSE(job("a").progress.simulated) << "it still runs";
  support::settle(*store, started, engine::Done{});
  EXPECT_TRUE(job("a").progress.simulated);
  EXPECT_TRUE(list({}).jobs.at(0).progress.simulated);
}

TEST_P(StoreConformance, AJobOfAnotherQueueIsNotSimulated) {
  store->configure(simulating);
  const auto started = start("a");
  EXPECT_FALSE(started.simulated);
  support::settle(*store, started, engine::Done{});
  EXPECT_FALSE(job("a").progress.simulated);
}

TEST_P(StoreConformance, HoweverASimulatedAttemptEndedTheJobIsSimulated) {
  store->configure(simulating);
  for (const auto& [id, outcome] : std::initializer_list<std::pair<std::string, engine::Outcome>>{
           {"retry", engine::Retry{.error = "e", .after = seconds{9}}},
           {"fail", engine::Fail{.error = "e"}},
           {"interrupted", engine::Interrupted{}}}) {
    support::settle(*store, start(new_mail(id)), outcome);
    EXPECT_TRUE(job(id).progress.simulated) << id;
    remove(id).value();
  }
}

TEST_P(StoreConformance, AnAttemptThatNeverBeganWasNotSimulated) {
  store->configure(simulating);
  support::settle(*store, start(new_mail("a")), engine::Unstarted{});
  EXPECT_EQ(job("a").progress, Progress{});
}

TEST_P(StoreConformance, TheLatestAttemptSaysWhetherAJobIsSimulated) {
  store->configure(simulating);
  support::settle(*store, start(new_mail("a")), engine::Fail{.error = "e"});
  store->configure(working);
  EXPECT_TRUE(retry("a").value().progress.simulated) << "nothing else has run it yet";
  const auto again = claim("mail");
  EXPECT_FALSE(again.simulated);
  EXPECT_TRUE(job("a").progress.simulated);
  support::settle(*store, again, engine::Done{});
  EXPECT_FALSE(job("a").progress.simulated);
}

TEST_P(StoreConformance, AnAttemptIsSimulatedByTheProcessorWithWhichItStarted) {
  store->configure(simulating);
  const auto simulated = start(new_mail("a"));
  store->configure(working);
  const auto worked = start(new_mail("b"));
  store->configure(simulating);
  support::settle(*store, simulated, engine::Done{});
  support::settle(*store, worked, engine::Done{});
  EXPECT_TRUE(job("a").progress.simulated);
  EXPECT_FALSE(job("b").progress.simulated);
}

}  // namespace jobqd::stores
