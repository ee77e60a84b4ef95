#include "traces/policy.hpp"

#include <gtest/gtest.h>

namespace jobqd::traces {

using namespace std::chrono_literals;

TEST(BatchPolicy, SendsWhatThereIsEveryFiveSeconds) {
  const base::SteadyTime last{1h};
  EXPECT_EQ(next_batch(0, last), last + 5s);
  EXPECT_EQ(next_batch(511, last), last + 5s);
}

TEST(BatchPolicy, SendsAFullBatchAtOnceButNotOneAfterTheOther) {
  const base::SteadyTime last{1h};
  EXPECT_EQ(next_batch(512, last), last + 100ms);
  EXPECT_EQ(next_batch(2'048, last), last + 100ms);
}

TEST(RetryPolicyOfExport, RepeatsOnlyWhatMayPass) {
  for (const unsigned status : {0U, 429U, 502U, 503U, 504U})
    EXPECT_EQ(wait_before_retry({.status = status}, 0, 0), 1s) << status;
  for (const unsigned status : {301U, 400U, 401U, 404U, 413U, 500U, 501U, 505U})
    EXPECT_EQ(wait_before_retry({.status = status, .retry_after = 1s}, 0, 0), std::nullopt) << status;
}

TEST(RetryPolicyOfExport, DoublesTheWaitTakesUpToHalfOfItAwayAndGivesUp) {
  const Reply busy{.status = 503};
  EXPECT_EQ(wait_before_retry(busy, 1, 0), 2s);
  EXPECT_EQ(wait_before_retry(busy, 4, 0), 16s);
  EXPECT_EQ(wait_before_retry(busy, 4, 0.5), 12s);
  EXPECT_EQ(wait_before_retry(busy, 5, 0), std::nullopt);
}

TEST(RetryPolicyOfExport, WaitsAsLongAsItIsAskedTo) {
  EXPECT_EQ(wait_before_retry({.status = 429, .retry_after = 90s}, 0, 0), 90s);
  EXPECT_EQ(wait_before_retry({.status = 429, .retry_after = 0s}, 0, 0), 1s);
}

TEST(PartialSuccess, IsReadFromTheBody) {
  const auto said = read_partial_success(R"({"partialSuccess":{"rejectedSpans":"3","errorMessage":"old"}})");
  EXPECT_EQ(said.rejected, 3U);
  EXPECT_EQ(said.message, "old");
  EXPECT_EQ(read_partial_success(R"({"partialSuccess":{"rejectedSpans":4}})").rejected, 4U);
}

TEST(PartialSuccess, IsNothingElse) {
  for (std::string_view body : {"", "{}", "[1]", "OK", R"({"partialSuccess":null})",
                                R"({"partialSuccess":{"rejectedSpans":"x","errorMessage":7}})",
                                R"({"partialSuccess":{"rejectedSpans":-1}})"}) {
    const auto said = read_partial_success(body);
    EXPECT_EQ(said.rejected, 0U) << body;
    EXPECT_EQ(said.message, "") << body;
  }
}

}  // namespace jobqd::traces
