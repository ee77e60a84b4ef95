#include <jobqd/engine/resolution.hpp>

#include <string>

#include <gtest/gtest.h>

#include <jobqd/domain/limits.hpp>

#include "support/jobs.hpp"

namespace jobqd::engine {

namespace {

using base::milliseconds;
using domain::Reason;
using support::new_claim;

constexpr domain::RetryPolicy policy{.base = milliseconds{100}, .cap = milliseconds{1000}};

/// What becomes of the outcome when the attempt was asked to stop for `cause`. It is the first attempt of a
/// job that may be retried once and that has one second.
Resolution resolved(Outcome outcome, StopCause cause) {
  auto claim = new_claim("a");
  claim.max_retries = 1;
  claim.timeout = milliseconds{1000};
  if (cause != StopCause::none) claim.stop->request(cause);
  return resolve(std::move(outcome), claim, policy, 0.0);
}

/// One line that says it all, so that a table of expectations stays readable.
std::string said(const Resolution& resolution) {
  if (const auto* done = std::get_if<Done>(&resolution)) return "done " + done->result.value_or("");
  if (const auto* again = std::get_if<Again>(&resolution))
    return (again->deferred ? "deferred " : "again ") + std::to_string(again->delay.count()) + " " +
           again->error;
  if (const auto* failed = std::get_if<Failed>(&resolution))
    return "failed " + std::string(to_string(failed->reason)) + " " + failed->error;
  return "interrupted";
}

std::string error_after_cut(const std::string& error) {
  return std::get<Failed>(resolved(Fail{.error = error}, StopCause::none)).error;
}

constexpr auto none = StopCause::none;
constexpr auto cancelled = StopCause::cancelled;
constexpr auto timed_out = StopCause::timed_out;
constexpr auto shutdown = StopCause::shutdown;

}  // namespace

TEST(Resolution, WorkThatWasDoneIsDoneWhateverWasAsked) {
  for (const auto cause : {none, cancelled, timed_out, shutdown})
    EXPECT_EQ(said(resolved(Done{.result = "1"}, cause)), "done 1");
}

TEST(Resolution, ADeferralCostsNoRetryUnlessThereWereTooMany) {
  auto claim = new_claim("a");
  const auto said_of = [&] {
    return said(resolve(Defer{.error = "e", .after = milliseconds{7'000}}, claim, policy, 0.0));
  };
  EXPECT_EQ(said_of(), "deferred 7000 e");
  claim.deferrals = domain::limits::deferrals - 1;
  EXPECT_EQ(said_of(), "deferred 7000 e");
  EXPECT_EQ(said(resolve(Defer{.error = "e", .after = milliseconds{0}}, new_claim("a"), policy, 0.0)),
            "deferred 100 e");
  claim.deferrals = domain::limits::deferrals;
  EXPECT_EQ(said_of(), "failed exhausted e");
  claim.max_retries = 1;
  EXPECT_EQ(said_of(), "again 7000 e");
  claim.stop->request(cancelled);
  EXPECT_EQ(said_of(), "failed cancelled cancelled while running");
}

TEST(Resolution, AFailureIsTriedAgainUnlessItWasCancelled) {
  EXPECT_EQ(said(resolved(Retry{.error = "e"}, none)), "again 100 e");
  EXPECT_EQ(said(resolved(Retry{.error = "e"}, cancelled)), "failed cancelled cancelled while running");
  EXPECT_EQ(said(resolved(Retry{.error = "e"}, timed_out)), "again 100 e");
  EXPECT_EQ(said(resolved(Retry{.error = "e"}, shutdown)), "again 100 e");
}

TEST(Resolution, AFailureForGoodIsRejectedUnlessItWasCancelled) {
  EXPECT_EQ(said(resolved(Fail{.error = "e"}, none)), "failed rejected e");
  EXPECT_EQ(said(resolved(Fail{.error = "e"}, cancelled)), "failed cancelled cancelled while running");
  EXPECT_EQ(said(resolved(Fail{.error = "e"}, timed_out)), "failed rejected e");
  EXPECT_EQ(said(resolved(Fail{.error = "e"}, shutdown)), "failed rejected e");
}

TEST(Resolution, AnInterruptionMeansWhatItWasAskedFor) {
  EXPECT_EQ(said(resolved(Interrupted{}, none)), "interrupted");
  EXPECT_EQ(said(resolved(Interrupted{}, cancelled)), "failed cancelled cancelled while running");
  EXPECT_EQ(said(resolved(Interrupted{}, timed_out)), "again 100 timed out after 1000 ms");
  EXPECT_EQ(said(resolved(Interrupted{}, shutdown)), "interrupted");
}

TEST(Resolution, AllowsOneFailureMoreThanRetries) {
  auto claim = new_claim("a");
  claim.max_retries = 3;
  for (const std::uint32_t failures : {0U, 1U, 2U}) {
    claim.failures = failures;
    EXPECT_TRUE(std::holds_alternative<Again>(resolve(Retry{.error = "e"}, claim, policy, 0.0))) << failures;
  }
  claim.failures = 3;
  EXPECT_EQ(said(resolve(Retry{.error = "e"}, claim, policy, 0.0)), "failed exhausted e");
}

TEST(Resolution, NeverRetriesWithoutRetries) {
  EXPECT_EQ(said(resolve(Retry{.error = "e"}, new_claim("a"), policy, 0.0)), "failed exhausted e");
}

TEST(Resolution, ATimeoutUsesUpTheBudgetToo) {
  auto claim = new_claim("a");
  claim.timeout = milliseconds{50};
  claim.stop->request(timed_out);
  EXPECT_EQ(said(resolve(Interrupted{}, claim, policy, 0.0)), "failed exhausted timed out after 50 ms");
}

TEST(Resolution, BacksOffFurtherWithEveryFailure) {
  auto claim = new_claim("a");
  claim.max_retries = 1000;
  claim.failures = 2;
  EXPECT_EQ(said(resolve(Retry{.error = "e"}, claim, policy, 0.0)), "again 400 e");
  EXPECT_EQ(said(resolve(Retry{.error = "e"}, claim, policy, 0.5)), "again 200 e");
  claim.failures = 999;
  EXPECT_EQ(said(resolve(Retry{.error = "e"}, claim, policy, 0.0)), "again 1000 e");
}

TEST(Resolution, WaitsAsLongAsTheProcessorAsks) {
  EXPECT_EQ(said(resolved(Retry{.error = "e", .after = milliseconds{90'000}}, none)), "again 90000 e");
  EXPECT_EQ(said(resolved(Retry{.error = "e", .after = milliseconds{0}}, none)), "again 0 e");
}

TEST(Resolution, KeepsAnErrorOfFourKibibytesWhole) {
  const std::string longest(domain::limits::error_bytes, 'x');
  EXPECT_EQ(error_after_cut(longest), longest);
  EXPECT_EQ(error_after_cut(longest + "y"), longest);
}

TEST(Resolution, CutsALongErrorBetweenCharacters) {
  const std::string room(domain::limits::error_bytes - 3, 'x');
  EXPECT_EQ(error_after_cut(room + "\u20ac"), room + "\u20ac");  // ends with the limit
  EXPECT_EQ(error_after_cut(room + "x\u20ac"), room + "x");
  EXPECT_EQ(error_after_cut(room + "xx\u20ac"), room + "xx");
  EXPECT_EQ(error_after_cut(room + "\U0001f600"), room);
}

TEST(Resolution, CutsTheErrorsOfRetriesToo) {
  const auto resolution = resolved(Retry{.error = std::string(10'000, 'x')}, none);
  EXPECT_EQ(std::get<Again>(resolution).error.size(), domain::limits::error_bytes);
}

}  // namespace jobqd::engine
