// /v1/jobs, over a real store.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/calls/api_fixture.hpp"

namespace jobqd::http {

namespace {

using namespace std::chrono_literals;

class Jobs : public ApiTest {
 protected:
  std::shared_ptr<FakeExchange> wait_for(const std::string& id, std::string wait) {
    return ask("GET", "/v1/jobs/" + id, {}, {}, {{"wait", std::move(wait)}});
  }
  std::string status_in(const Response& response) {
    return nlohmann::json::parse(response.body).at("status").get<std::string>();
  }
  std::vector<std::string> ids_in(const Response& response) {
    std::vector<std::string> ids;
    const auto page = nlohmann::json::parse(response.body);
    for (const auto& job : page.at("jobs")) ids.push_back(job.at("id"));
    return ids;
  }
};

}  // namespace

TEST_F(Jobs, AreShownFromTheStartToTheEnd) {
  enqueue(R"({"id":"a","payload":{"n": 1},"max_retries":1})");
  EXPECT_EQ(
      get("/v1/jobs/a").body,
      R"({"id":"a","queue":"default","status":"queued","reason":"ready","payload":{"n": 1},"priority":0,"max_retries":1,)"
      R"("attempts":0,"failures":0,"interruptions":0,"enqueued_at":"2026-01-01T00:00:00.000Z"})");
  clock.advance(5ms);
  const auto claimed = claim();
  EXPECT_EQ(job("a")["status"], "running");
  EXPECT_EQ(job("a")["started_at"], "2026-01-01T00:00:00.005Z");
  clock.advance(5ms);
  settle(claimed, engine::Done{.result = R"({"sum": 3})"});
  EXPECT_EQ(job("a")["status"], "done");
  EXPECT_EQ(job("a")["finished_at"], "2026-01-01T00:00:00.010Z");
  EXPECT_EQ(job("a")["result"], nlohmann::json({{"sum", 3}}));
}

TEST_F(Jobs, ThatAreNotThereAre404) {
  for (const auto* path : {"/v1/jobs/nope", "/v1/jobs/%00", "/v1/jobs/%FF", "/v1/jobs/%2F", "/v1/jobs/.."})
    EXPECT_EQ(summary(get(path)), "404 /problems/job-not-found") << path;
  EXPECT_EQ(summary(post("/v1/jobs/nope/cancel")), "404 /problems/job-not-found");
  EXPECT_EQ(summary(post("/v1/jobs/nope/retry")), "404 /problems/job-not-found");
  EXPECT_EQ(summary(ask("DELETE", "/v1/jobs/nope")->response()), "404 /problems/job-not-found");
  EXPECT_EQ(summary(wait_for("nope", "1s")->response()), "404 /problems/job-not-found");
}

TEST_F(Jobs, AreWaitedForUntilTheyEnd) {
  enqueue(R"({"id":"a"})");
  const auto waiting = wait_for("a", "30s");
  EXPECT_FALSE(waiting->answered());
  EXPECT_EQ(waiting->wait(), 30s);
  settle(claim());
  EXPECT_EQ(status_in(waiting->response()), "done");
}

TEST_F(Jobs, AreShownAsTheyAreWhenTheWaitIsOver) {
  enqueue(R"({"id":"a"})");
  const auto waiting = wait_for("a", "30s");
  waiting->end_the_wait();
  EXPECT_EQ(status_in(waiting->response()), "queued");
  settle(claim());  // and it is not answered twice
}

TEST_F(Jobs, AreNotWaitedForOnceTheyHaveEnded) {
  enqueue(R"({"id":"a"})");
  settle(claim());
  EXPECT_EQ(status_in(wait_for("a", "30s")->response()), "done");
}

TEST_F(Jobs, AnswerAWaitThatEndsAfterTheJobOnlyOnce) {
  enqueue(R"({"id":"a"})");
  const auto waiting = wait_for("a", "30s");
  settle(claim());
  EXPECT_NO_THROW(waiting->end_the_wait());
}

TEST_F(Jobs, TellAWaitThatTheyWereRemoved) {
  enqueue(R"({"id":"a"})");
  const auto waiting = wait_for("a", "30s");
  ask("DELETE", "/v1/jobs/a");
  EXPECT_EQ(summary(waiting->response()), "404 /problems/job-not-found");
}

TEST_F(Jobs, TakeAWaitInEveryFormOfADuration) {
  enqueue(R"({"id":"a"})");
  for (const auto& [wait, length] : {std::pair{"1500ms", 1500ms},
                                     {"1s500ms", 1500ms},
                                     {"1.5", 1500ms},
                                     {"0.5", 500ms},
                                     {"0.0005", 1ms},
                                     {"59.9999", 60'000ms},
                                     {"0", 0ms},
                                     {"0.0", 0ms},
                                     {"7", 7000ms},
                                     {"1m", 60'000ms},
                                     {"60.0", 60'000ms}})
    EXPECT_EQ(wait_for("a", wait)->wait(), length) << wait;
}

TEST_F(Jobs, TakeAWaitOfAMinuteAtMost) {
  enqueue(R"({"id":"a"})");
  EXPECT_FALSE(wait_for("a", "60s")->answered());
  EXPECT_FALSE(wait_for("a", "60")->answered());
  EXPECT_FALSE(wait_for("a", "0s")->answered()) << "the connection ends it at once";
  for (const auto* wait : {"61s", "60001ms", "1h", "", "61", "60.001", "-1", "-0.5", "-1s", "0.5s", "1,5",
                           "inf", "nan", "1.5.1", "x", "30 s"})
    EXPECT_EQ(summary(wait_for("a", wait)->response()), "400 /problems/invalid-field") << wait;
}

TEST_F(Jobs, AreListedNewestFirst) {
  enqueue(R"([{"id":"a"},{"id":"b"}])");
  EXPECT_THAT(ids_in(get("/v1/jobs")), testing::ElementsAre("b", "a"));
}

TEST_F(Jobs, AreListedPageByPage) {
  for (const auto* id : {"a", "b", "c", "d", "e"}) {
    enqueue(R"({"id":")" + std::string(id) + R"("})");
    settle(claim());
  }
  std::vector<std::string> seen;
  Query query{{"limit", "2"}};
  for (int page = 0; page < 10; ++page) {
    const auto response = get("/v1/jobs", query);
    const auto ids = ids_in(response);
    EXPECT_LE(ids.size(), 2U);
    seen.insert(seen.end(), ids.begin(), ids.end());
    const auto body = nlohmann::json::parse(response.body);
    if (!body.contains("next_cursor")) break;
    query = {{"limit", "2"}, {"cursor", body["next_cursor"].get<std::string>()}};
  }
  EXPECT_THAT(seen, testing::ElementsAre("e", "d", "c", "b", "a"));
}

TEST_F(Jobs, AreListedByStatusAndQueue) {
  enqueue(R"([{"id":"a"},{"id":"b"}])");
  settle(claim());
  EXPECT_THAT(ids_in(get("/v1/jobs", {{"status", "done"}})), testing::ElementsAre("a"));
  EXPECT_THAT(ids_in(get("/v1/jobs", {{"status", "queued"}, {"queue", "default"}})),
              testing::ElementsAre("b"));
  EXPECT_THAT(ids_in(get("/v1/jobs", {{"status", "failed"}})), testing::IsEmpty());
}

TEST_F(Jobs, AreNotListedByWhatIsNoParameter) {
  for (const auto& query : std::initializer_list<Query>{{{"limit", "0"}},
                                                        {{"limit", "1001"}},
                                                        {{"limit", "-1"}},
                                                        {{"limit", ""}},
                                                        {{"limit", "1x"}},
                                                        {{"limit", "99999999999999999999"}},
                                                        {{"status", "new"}},
                                                        {{"status", ""}},
                                                        {{"cursor", "0"}},
                                                        {{"cursor", "x"}},
                                                        {{"cursor", ""}},
                                                        {{"limt", "1"}},
                                                        {{"", ""}},
                                                        {{"limit", "1"}, {"limit", "2"}}})
    EXPECT_EQ(summary(get("/v1/jobs", query)), "400 /problems/invalid-field")
        << query.front().first << '=' << query.front().second;
  EXPECT_EQ(summary(get("/v1/jobs", {{"queue", "nope"}})), "404 /problems/queue-not-found");
  EXPECT_EQ(summary(get("/v1/jobs/a", {{"wiat", "1s"}})), "400 /problems/invalid-field");
}

TEST_F(Jobs, ThatWaitAreCancelledAtOnce) {
  enqueue(R"({"id":"a"})");
  const auto response = post("/v1/jobs/a/cancel");
  EXPECT_EQ(response.status, 200U);
  EXPECT_EQ(status_in(response), "failed");
  EXPECT_EQ(job("a")["reason"], "cancelled");
}

TEST_F(Jobs, ThatRunAreAskedToStop) {
  enqueue(R"({"id":"a"})");
  const auto claimed = claim();
  EXPECT_EQ(status_in(post("/v1/jobs/a/cancel")), "running");
  EXPECT_EQ(claimed.stop->cause(), engine::StopCause::cancelled);
  EXPECT_TRUE(claimed.stop->token().stop_requested());
}

TEST_F(Jobs, ThatHaveEndedAreNotCancelled) {
  enqueue(R"({"id":"a"})");
  settle(claim());
  EXPECT_EQ(summary(post("/v1/jobs/a/cancel")), "409 /problems/wrong-status");
}

TEST_F(Jobs, ThatFailedAreRetriedWithAFreshBudget) {
  enqueue(R"({"id":"a"})");
  settle(claim(), engine::Retry{.error = "no luck"});
  EXPECT_EQ(job("a")["failures"], 1);
  const auto response = post("/v1/jobs/a/retry");
  EXPECT_EQ(response.status, 200U);
  EXPECT_EQ(status_in(response), "queued");
  EXPECT_EQ(job("a")["failures"], 0);
  EXPECT_EQ(job("a")["attempts"], 1);
}

TEST_F(Jobs, ThatHaveNotFailedAreNotRetried) {
  enqueue(R"({"id":"a"})");
  EXPECT_EQ(summary(post("/v1/jobs/a/retry")), "409 /problems/wrong-status");
}

TEST_F(Jobs, AreRemovedUnlessTheyRun) {
  enqueue(R"([{"id":"a"},{"id":"b"}])");
  const auto claimed = claim();
  EXPECT_EQ(summary(ask("DELETE", "/v1/jobs/a")->response()), "409 /problems/wrong-status");
  const auto removed = ask("DELETE", "/v1/jobs/b")->response();
  EXPECT_EQ(removed.status, 204U);
  EXPECT_EQ(removed.body, "");
  EXPECT_EQ(get("/v1/jobs/b").status, 404U);
  settle(claimed);
  EXPECT_EQ(ask("DELETE", "/v1/jobs/a")->response().status, 204U);
}

TEST_F(Jobs, AreNotChangedByAPageOfAnotherSite) {
  enqueue(R"({"id":"a"})");
  const Fields foreign{{"Host", "a"}, {"Sec-Fetch-Site", "cross-site"}};
  for (const auto& [method, path] :
       {std::pair{"DELETE", "/v1/jobs/a"}, {"POST", "/v1/jobs/a/cancel"}, {"POST", "/v1/jobs/a/retry"}})
    EXPECT_EQ(summary(ask(method, path, {}, foreign)->response()), "403 /problems/forbidden-origin") << path;
  EXPECT_EQ(ask("GET", "/v1/jobs/a", {}, foreign)->response().status, 200U)
      << "the browser keeps it from the page";
}

}  // namespace jobqd::http
