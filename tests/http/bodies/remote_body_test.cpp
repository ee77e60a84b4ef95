// The bodies of remote workers. tests/http/calls/workers_test.cpp has the rule of each field, at its bounds.

#include "http/bodies/remote_body.hpp"

#include <array>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace jobqd::http {

namespace {

using domain::ErrorCode;
using namespace std::chrono_literals;

constexpr std::array calls{RemoteCall::lease, RemoteCall::heartbeat, RemoteCall::complete, RemoteCall::fail};

std::string detail_of(RemoteCall call, std::string_view body) {
  const auto read = parse_remote(call, body);
  return read ? "nothing" : read.error().detail;
}

}  // namespace

TEST(RemoteBody, HasDefaults) {
  const auto lease = parse_remote(RemoteCall::lease, "");
  ASSERT_TRUE(lease.has_value());
  EXPECT_EQ(lease->max_jobs, 1U);
  EXPECT_EQ(lease->lease, 60s);
  EXPECT_EQ(lease->wait, 0s);
  const auto fail = parse_remote(RemoteCall::fail, R"({"token":"7"})");
  ASSERT_TRUE(fail.has_value());
  EXPECT_EQ(fail->token, 7U);
  EXPECT_TRUE(fail->retryable);
  EXPECT_EQ(fail->retry_after, std::nullopt);
}

TEST(RemoteBody, HasTheFieldsOfItsCall) {
  EXPECT_EQ(detail_of(RemoteCall::lease, R"({"x":1})"),
            "/x is not a field here; there are max_jobs, lease, wait, worker");
  EXPECT_EQ(detail_of(RemoteCall::heartbeat, R"({"x":1})"), "/x is not a field here; there are token, lease");
  EXPECT_EQ(detail_of(RemoteCall::complete, R"({"x":1})"), "/x is not a field here; there are token, result");
  EXPECT_EQ(detail_of(RemoteCall::fail, R"({"x":1})"),
            "/x is not a field here; there are token, error, retryable, retry_after");
}

TEST(RemoteBody, NeedsATokenUnlessItAsksForJobs) {
  for (const auto call : calls)
    EXPECT_EQ(detail_of(call, "{}"),
              call == RemoteCall::lease
                  ? "nothing"
                  : "/token is missing: the token that the lease gave, a string of digits");
}

TEST(RemoteBody, ThatIsNotJsonIsNotPointedInto) {
  for (const auto call : calls)
    for (const auto* body : {"{\"token\":", "{\"lease\":tru}", "[", "{\"result\":[1,}"}) {
      const auto read = parse_remote(call, body);
      ASSERT_FALSE(read.has_value());
      EXPECT_EQ(read.error().code, ErrorCode::malformed_json);
      EXPECT_TRUE(read.error().fields.empty());
    }
}

TEST(RemoteBody, WithANumberThatNoDoubleHoldsInAnUnknownFieldIsReportedOnce) {
  for (const auto call : calls) {
    const auto read = parse_remote(call, R"({"x":1e400})");
    ASSERT_FALSE(read.has_value());
    ASSERT_EQ(read.error().fields.size(), 1U);
    EXPECT_EQ(read.error().fields[0].pointer, "/x");
  }
}

TEST(RemoteBody, KeepsTheResultByteForByte) {
  const auto read = parse_remote(RemoteCall::complete, R"({"result" : [ 1, "\u00e9" ] ,"token":"1"})");
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->result, R"([ 1, "\u00e9" ])");
}

}  // namespace jobqd::http
