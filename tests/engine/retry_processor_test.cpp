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

using support::new_claim;

/// Keeps the events of the last attempt.
class SettlingStore : public support::StubStore {
 public:
  void settle(std::string_view id, FencingToken /*token*/, Outcome outcome, Settler settler,
              Callback<Resolution> done) override {
    EXPECT_EQ(settler, Settler::own_worker);
    settled_id = id;
    settled = std::move(outcome);
    if (current)
      done(Done{});
    else
      done(std::unexpected(domain::Error{.code = domain::ErrorCode::lease_lost, .detail = "stale"}));
  }

  bool claim(ClaimRequest request, Callback<std::vector<Claim>> /*done*/) override {
    EXPECT_FALSE(settled_id.empty()) << "the attempt is settled first";
    asked_for = request.queue;
    return true;
  }

  std::string asked_for;
  bool current = true;  ///< Whether the token of the claim is current.
  std::string settled_id;
  Outcome settled;
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
  bool run(const Claim& claim, ProcessorOf::Work work) {
    ProcessorOf processor(std::move(work));
    return RetryProcessor(store, processor, diary)
        .run(claim, leaving.get_token(), {.queue = "next"}, [](const auto&) {})
        .asked;
  }

  std::stop_source leaving;

  SettlingStore store;
  Diary diary;
};

}  // namespace

TEST_F(RetryProcessorTest, SettlesTheOutcomeOfTheProcessor) {
  run(new_claim("a"), [](const Claim& claim, auto&) { return Done{.result = claim.payload}; });
  EXPECT_EQ(store.settled_id, "a");
  EXPECT_EQ(std::get<Done>(store.settled).result, R"({"n":1})");
  EXPECT_EQ(diary.entries, (std::vector<std::string>{"started a", "settled a"}));
}

TEST_F(RetryProcessorTest, AsksForTheNextJobUnlessItIsToStop) {
  EXPECT_TRUE(run(new_claim("a"), [](const Claim&, auto&) { return Done{}; }));
  EXPECT_EQ(store.asked_for, "next");
  store.asked_for.clear();
  EXPECT_FALSE(run(new_claim("b"), [this](const Claim&, auto&) {
    leaving.request_stop();
    return Done{};
  }));
  EXPECT_EQ(store.settled_id, "b");
  EXPECT_EQ(store.asked_for, "");
}

TEST_F(RetryProcessorTest, NotifiesTheObserverBeforeTheWorkBegins) {
  run(new_claim("a"), [&](const Claim&, auto&) {
    EXPECT_EQ(diary.entries, (std::vector<std::string>{"started a"}));
    return Done{};
  });
}

TEST_F(RetryProcessorTest, CountsAnExceptionAsAFailureThatMayBeRetried) {
  run(new_claim("a"), [](const Claim&, auto&) -> Outcome { throw std::runtime_error("it broke"); });
  EXPECT_EQ(std::get<Retry>(store.settled).error, "it broke");
}

TEST_F(RetryProcessorTest, SurvivesAnyOtherException) {
  run(new_claim("a"), [](const Claim&, auto&) -> Outcome { throw 42; });
  EXPECT_EQ(std::get<Retry>(store.settled).error,
            "the processor threw something that is not a std::exception");
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

TEST_F(RetryProcessorTest, NotifiesTheObserverOfAStaleClaim) {
  store.current = false;
  run(new_claim("a"), [](const Claim&, auto&) { return Done{}; });
  EXPECT_EQ(diary.entries, (std::vector<std::string>{"started a", "stale a"}));
}

}  // namespace jobqd::engine
