// /v1/queues, over a real store.

#include <gtest/gtest.h>

#include "http/calls/api_fixture.hpp"

namespace jobqd::http {

namespace {

using namespace std::chrono_literals;

class Queues : public ApiTest {};

}  // namespace

TEST_F(Queues, AreShownInTheirPresentState) {
  EXPECT_EQ(
      get("/v1/queues").body,
      R"({"queues":[{"name":"default","configured":true,"processor":"simulate","workers":4,"capacity":2,"max_retries":0,"paused":false,"queued":0,)"
      R"("ready":0,"running":0,"done":0,)"
      R"("failed":0,)"
      R"("reasons":{"no_queue":0,"not_working":0,"paused":0,"circuit_open":0,"throttled":0,"no_worker":0,"ready":0,"delayed":0,"backoff":0},)"
      R"("last_minute":{"enqueued":0,"started":0,"done":0,"failed":0}}]})");
  enqueue(R"({"id":"a"})");
  enqueue(R"({"id":"b","delay":"1h"})");
  clock.advance(1500ms);
  EXPECT_EQ(
      get("/v1/queues/default").body,
      R"({"name":"default","configured":true,"processor":"simulate","workers":4,"capacity":2,"max_retries":0,"paused":false,"queued":2,)"
      R"("ready":1,"running":0,"done":0,"failed":0,)"
      R"("reasons":{"no_queue":0,"not_working":0,"paused":0,"circuit_open":0,"throttled":0,"no_worker":0,"ready":1,"delayed":1,"backoff":0},)"
      R"("oldest_ready_age":"1s500ms","last_minute":{"enqueued":2,"started":0,"done":0,"failed":0},"scale":{"demand":1,"oldest_ready_seconds":1.5}})");
}

TEST_F(Queues, ArePausedAndResumed) {
  enqueue(R"({"id":"a"})");
  auto answer = post("/v1/queues/default/pause");
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(nlohmann::json::parse(answer.body)["paused"], true);
  EXPECT_EQ(job("a")["reason"], "paused");
  answer = post("/v1/queues/default/resume");
  EXPECT_EQ(nlohmann::json::parse(answer.body)["paused"], false);
  EXPECT_EQ(job("a")["reason"], "ready");
}

TEST_F(Queues, SayHowManyWorkersTheyNeed) {
  enqueue(R"([{"id":"a"},{"id":"b"}])");
  const auto first = claim();
  clock.advance(30s);
  settle(first);
  // One is ready, two came in the last minute, and they take 30 s: (1 / 10 + 2 / 60) * 30 = 4.
  for (const auto* target : {"10s", "10"}) {
    const auto scale = nlohmann::json::parse(get("/v1/queues/default", {{"target", target}}).body)["scale"];
    EXPECT_EQ(scale.dump(), R"({"demand":1,"oldest_ready_seconds":30,"workers_needed":4})");
  }
  for (const std::string wrong : {"", "0s", "999ms", "25h", "ten", "-1", "nan"}) {
    const auto response = get("/v1/queues/default", {{"target", wrong}});
    EXPECT_EQ(summary(response), "400 /problems/invalid-field");
    EXPECT_EQ(nlohmann::json::parse(response.body)["detail"],
              "query parameter target must be a duration such as 30s, or a number of seconds, from 1s to "
              "24h, not \"" +
                  wrong + '"');
  }
}

TEST_F(Queues, SayWhyTheyDoNotWork) {
  ASSERT_TRUE(store->configure({.name = "mail", .processor = {.name = "exec", .fault = "it is not here"}}));
  enqueue(R"({"id":"a","queue":"mail"})");
  const auto shown = nlohmann::json::parse(get("/v1/queues/mail").body);
  EXPECT_EQ(shown["not_working"], "it is not here");
  EXPECT_EQ(shown["reasons"]["not_working"], 1);
  EXPECT_EQ(job("a")["reason"], "not_working");
}

TEST_F(Queues, ThatWereRemovedAreShownAsLongAsTheyHaveJobs) {
  ASSERT_TRUE(store->configure({.name = "mail", .processor = {.name = "exec"}}));
  enqueue(R"({"id":"a","queue":"mail"})");
  ASSERT_TRUE(store->remove_queue("mail"));
  const auto shown = nlohmann::json::parse(get("/v1/queues/mail").body);
  EXPECT_EQ(shown["configured"], false);
  EXPECT_FALSE(shown.contains("processor"));
  EXPECT_EQ(shown["reasons"]["no_queue"], 1);
  EXPECT_EQ(job("a")["reason"], "no_queue");
  EXPECT_EQ(summary(enqueue(R"({"id":"b","queue":"mail"})")), "404 /problems/queue-not-found");
  EXPECT_EQ(ask("DELETE", "/v1/jobs/a")->response().status, 204U);
  EXPECT_EQ(summary(get("/v1/queues/mail")), "404 /problems/queue-not-found");
}

TEST_F(Queues, AreRetriedAndPurged) {
  enqueue(R"([{"id":"a"},{"id":"b"}])");
  settle(claim(), engine::Retry{.error = "no"});
  const auto retried = ask("POST", "/v1/queues/default/retry");
  EXPECT_FALSE(retried->answered());
  store->tick(clock.now());
  EXPECT_EQ(retried->response().body, R"({"count":1})");
  EXPECT_EQ(job("a")["status"], "queued");
  const auto purged = ask("POST", "/v1/queues/default/purge");
  store->tick(clock.now());
  EXPECT_EQ(purged->response().body, R"({"count":2})");
  EXPECT_EQ(get("/v1/jobs/a").status, 404U);
}

TEST_F(Queues, CountWithoutAChangeInADryRun) {
  enqueue(R"([{"id":"a"},{"id":"b"}])");
  settle(claim(), engine::Retry{.error = "no"});
  const auto count = [this](const char* what, Query query) {
    const auto answer = ask("POST", std::string("/v1/queues/default/") + what, {}, {}, std::move(query));
    store->tick(clock.now());
    return answer->response().body;
  };
  EXPECT_EQ(count("retry", {{"dry_run", "true"}}), R"({"count":1})");
  EXPECT_EQ(count("retry", {{"dry_run", "true"}, {"reason", "cancelled"}}), R"({"count":0})");
  EXPECT_EQ(count("purge", {{"dry_run", "true"}}), R"({"count":1})");
  EXPECT_EQ(count("purge", {{"dry_run", "true"}, {"status", "failed"}}), R"({"count":1})");
  EXPECT_EQ(job("a")["status"], "failed");
  EXPECT_EQ(count("purge", {{"dry_run", "false"}, {"status", "failed"}}), R"({"count":1})");
  EXPECT_EQ(get("/v1/jobs/a").status, 404U);
}

TEST_F(Queues, SayWhichValuesAParameterTakes) {
  const auto detail = [this](const char* what, Query query) {
    const auto answer = ask("POST", std::string("/v1/queues/default/") + what, {}, {}, std::move(query));
    EXPECT_EQ(answer->response().status, 400U);
    return std::string(nlohmann::json::parse(answer->response().body)["detail"]);
  };
  for (const std::string reason : {"paused", "", "Exhausted"})
    EXPECT_EQ(detail("retry", {{"reason", reason}}),
              "query parameter reason must be exhausted, rejected, interrupted or cancelled, not \"" +
                  reason + '"');
  EXPECT_EQ(detail("purge", {{"status", "running"}}),
            "query parameter status must be queued, done or failed, not \"running\"");
  EXPECT_EQ(detail("purge", {{"dry_run", ""}}), "query parameter dry_run must be true or false, not \"\"");
}

TEST_F(Queues, ThatDoNotExistAre404) {
  EXPECT_EQ(summary(get("/v1/queues/mail")), "404 /problems/queue-not-found");
  EXPECT_EQ(summary(get("/v1/queues/")), "404 /problems/not-found");
  for (const auto* what : {"pause", "resume", "retry", "purge"})
    EXPECT_EQ(summary(post(std::string("/v1/queues/mail/") + what)), "404 /problems/queue-not-found") << what;
}

}  // namespace jobqd::http
