#include <jobqd/engine/retry_processor.hpp>

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/jobs.hpp"
#include "support/stub_store.hpp"

namespace jobqd::engine {

namespace {

using base::milliseconds;
using support::new_claim;

constexpr domain::RetryPolicy policy{.base = milliseconds{100}, .cap = milliseconds{1000}};

/// Keeps what it is told about the last attempt.
class SettlingStore : public support::StubStore {
 public:
  bool settle(const Claim& claim, Resolution resolution) override {
    settled_id = claim.id;
    settled = std::move(resolution);
    return current;
  }

  bool current = true;  ///< Whether the claim still counts.
  std::string settled_id;
  Resolution settled;
};

class ProcessorOf : public Processor {
 public:
  using Work = std::function<Outcome(const Claim&, const std::stop_token&)>;
  explicit ProcessorOf(Work work) : work_(std::move(work)) {}
  Outcome process(const Claim& claim, std::stop_token stop) override { return work_(claim, stop); }

 private:
  Work work_;
};

class Diary : public Observer {
 public:
  void attempt_started(const Claim& claim) override { entries.push_back("started " + claim.id); }
  void attempt_settled(const Claim& claim, const Resolution& /*resolution*/) override {
    entries.push_back("settled " + claim.id);
  }
  void attempt_stale(const Claim& claim) override { entries.push_back("stale " + claim.id); }

  std::vector<std::string> entries;
};

class RetryProcessorTest : public testing::Test {
 protected:
  void run(const Claim& claim, ProcessorOf::Work work) {
    ProcessorOf processor(std::move(work));
    RetryProcessor(store, processor, policy, random, diary).run(claim);
  }

  SettlingStore store;
  base::Random random{5};
  Diary diary;
};

}  // namespace

TEST_F(RetryProcessorTest, SettlesWhatTheProcessorDid) {
  run(new_claim("a"), [](const Claim& claim, auto&) { return Done{.result = claim.payload}; });
  EXPECT_EQ(store.settled_id, "a");
  EXPECT_EQ(std::get<Done>(store.settled).result, R"({"n":1})");
  EXPECT_EQ(diary.entries, (std::vector<std::string>{"started a", "settled a"}));
}

TEST_F(RetryProcessorTest, TellsTheObserverBeforeTheWorkBegins) {
  run(new_claim("a"), [&](const Claim&, auto&) {
    EXPECT_EQ(diary.entries, (std::vector<std::string>{"started a"}));
    return Done{};
  });
}

TEST_F(RetryProcessorTest, DrawsTheJitterFromItsRandomSource) {
  auto claim = new_claim("a");
  claim.max_retries = 5;
  claim.failures = 2;
  run(claim, [](const Claim&, auto&) { return Retry{.error = "e"}; });
  const double fraction = base::Random(5).fraction();
  EXPECT_EQ(std::get<Again>(store.settled).delay, policy.delay(3, fraction));
}

TEST_F(RetryProcessorTest, CountsAnExceptionAsAFailureThatMayBeRetried) {
  auto claim = new_claim("a");
  claim.max_retries = 1;
  run(claim, [](const Claim&, auto&) -> Outcome { throw std::runtime_error("it broke"); });
  EXPECT_EQ(std::get<Again>(store.settled).error, "it broke");
}

TEST_F(RetryProcessorTest, SurvivesWhateverElseIsThrown) {
  run(new_claim("a"), [](const Claim&, auto&) -> Outcome { throw 42; });
  const auto& failed = std::get<Failed>(store.settled);
  EXPECT_EQ(failed.reason, domain::Reason::exhausted);
  EXPECT_EQ(failed.error, "the processor threw something that is not a std::exception");
}

TEST_F(RetryProcessorTest, HandsTheStopOfTheClaimToTheProcessor) {
  const auto claim = new_claim("a");
  run(claim, [&](const Claim&, const std::stop_token& stop) -> Outcome {
    EXPECT_FALSE(stop.stop_requested());
    claim.stop->request(StopCause::shutdown);
    EXPECT_TRUE(stop.stop_requested());
    return Interrupted{};
  });
  EXPECT_TRUE(std::holds_alternative<Interrupted>(store.settled));
}

TEST_F(RetryProcessorTest, TellsTheObserverOfAClaimThatNoLongerCounts) {
  store.current = false;
  run(new_claim("a"), [](const Claim&, auto&) { return Done{}; });
  EXPECT_EQ(diary.entries, (std::vector<std::string>{"started a", "stale a"}));
}

}  // namespace jobqd::engine
