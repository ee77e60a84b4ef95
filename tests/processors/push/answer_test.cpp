#include "processors/push/answer.hpp"

#include <gtest/gtest.h>

#include <jobqd/domain/kept_text.hpp>

namespace jobqd::processors::push {

namespace {

using base::milliseconds;
using std::chrono::hours;
using std::chrono::seconds;

constexpr base::WallTime now{seconds{784'111'777}};  // Sun, 06 Nov 1994 08:49:37 GMT, as in RFC 9110

/// "done 1", "retry HTTP 500", "retry HTTP 500 after at least 7000", "defer …", "fail …"
std::string said(const Answer& answer, const StatusRules& rules = {}) {
  const auto outcome = domain::kept(outcome_of(answer, rules, now));
  if (const auto* done = std::get_if<engine::Done>(&outcome)) return "done " + done->result.value_or("");
  if (const auto* fail = std::get_if<engine::Fail>(&outcome)) return "fail " + fail->error;
  if (const auto* defer = std::get_if<engine::Defer>(&outcome))
    return "defer " + defer->error + " after " + std::to_string(defer->after.count());
  const auto& retry = std::get<engine::Retry>(outcome);
  EXPECT_EQ(retry.after, std::nullopt) << "which would replace the backoff";
  const auto wait = retry.at_least.count();
  return "retry " + retry.error + (wait > 0 ? " after at least " + std::to_string(wait) : "");
}

std::optional<milliseconds> wait(std::string_view text) {
  return read_retry_after(text, now);
}

}  // namespace

TEST(AnswerOutcome, Of2xxIsDoneWithTheBody) {
  EXPECT_EQ(said({.status = 200, .body = R"({"a":1})"}), R"(done {"a":1})");
  EXPECT_EQ(said({.status = 201, .body = "hello\n"}), R"(done "hello")");
  EXPECT_EQ(said({.status = 204}), "done ");
}

TEST(AnswerOutcome, OfWhatMayPassIsARetry) {
  for (const auto status : {408U, 425U, 429U, 500U, 502U, 503U, 504U, 599U})
    EXPECT_EQ(said({.status = status}), "retry HTTP " + std::to_string(status));
}

TEST(AnswerOutcome, OfWhatSomeoneMayPutRightIsARetryThatWasAnswered) {
  const auto answered = [](unsigned status) {
    return std::get<engine::Retry>(outcome_of({.status = status}, {}, now)).answered;
  };
  for (const auto status : {401U, 403U, 404U, 410U}) {
    EXPECT_EQ(said({.status = status}), "retry HTTP " + std::to_string(status));
    EXPECT_TRUE(answered(status)) << status;
  }
  for (const auto status : {408U, 425U, 429U, 500U, 503U}) EXPECT_FALSE(answered(status)) << status;
}

TEST(AnswerOutcome, OfEverythingElseIsAFailure) {
  for (const auto status : {300U, 301U, 302U, 307U, 308U, 400U, 402U, 405U, 409U, 422U, 451U})
    EXPECT_EQ(said({.status = status, .retry_after = "1"}), "fail HTTP " + std::to_string(status));
}

TEST(AnswerOutcome, FollowsTheRulesOfTheQueue) {
  const StatusRules rules{.retry_on = {409}, .reject_on = {404, 503}};
  EXPECT_EQ(said({.status = 409}, rules), "retry HTTP 409");
  EXPECT_EQ(said({.status = 404}, rules), "fail HTTP 404");
  EXPECT_EQ(said({.status = 503, .retry_after = "7"}, rules), "fail HTTP 503");
  EXPECT_EQ(said({.status = 410}, rules), "retry HTTP 410");
}

TEST(AnswerOutcome, QuotesTheReceiver) {
  EXPECT_EQ(said({.status = 400, .body = "no such customer\r\n"}), "fail HTTP 400: no such customer");
  EXPECT_LT(said({.status = 400, .body = std::string(60'000, 'x')}).size(), 400U);
  std::string cut = "x";
  for (int i = 0; i < 200; ++i) cut += "€";
  EXPECT_TRUE(said({.status = 400, .body = cut}).ends_with("€")) << "between characters";
}

TEST(AnswerOutcome, HonoursRetryAfter) {
  EXPECT_EQ(said({.status = 500, .retry_after = "7"}), "retry HTTP 500 after at least 7000");
  EXPECT_EQ(said({.status = 429, .retry_after = "7"}), "defer HTTP 429 after 7000");
  EXPECT_EQ(said({.status = 503, .retry_after = "7"}), "defer HTTP 503 after 7000");
  EXPECT_EQ(said({.status = 503, .retry_after = "soon"}), "retry HTTP 503");
  EXPECT_EQ(said({.status = 500, .retry_after = "0"}), "retry HTTP 500") << "it shortens no wait";
  EXPECT_EQ(said({.status = 500, .retry_after = "Sun, 06 Nov 1994 08:40:07 GMT"}), "retry HTTP 500");
}

TEST(RetryAfter, IsSecondsOrADate) {
  EXPECT_EQ(wait("0"), milliseconds{0});
  EXPECT_EQ(wait("120"), seconds{120});
  EXPECT_EQ(wait("Sun, 06 Nov 1994 08:50:07 GMT"), seconds{30});
  EXPECT_EQ(wait("Sun, 06 Nov 1994 08:40:07 GMT"), seconds{0});
}

TEST(RetryAfter, IsADateInAnyFormOfHttp) {
  EXPECT_EQ(wait("Sunday, 06-Nov-94 08:50:07 GMT"), seconds{30});
  EXPECT_EQ(wait("Sun Nov  6 08:50:07 1994"), seconds{30});
  EXPECT_EQ(wait("Sun Nov  6 08:40:07 1994"), seconds{0});
}

TEST(RetryAfter, IsADayAtMost) {
  for (const auto* text :
       {"86401", "999999999", "4294967296", "99999999999999999999999", "Mon, 06 Nov 2034 08:50:07 GMT"})
    EXPECT_EQ(wait(text), hours{24}) << text;
}

TEST(RetryAfter, ThatIsNeitherIsNone) {
  for (const auto* text :
       {"", "-1", "1.5", "1s", "soon", "Sun, 06 Nov 1994 08:50:07", "06 Nov 1994 08:50:07 GMT", "+1", " 1"})
    EXPECT_EQ(wait(text), std::nullopt) << text;
}

}  // namespace jobqd::processors::push
