// Remote workers, over a real store.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <jobqd/stores/embedded_store.hpp>

#include "http/calls/api_fixture.hpp"

namespace jobqd::http {

namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::HasSubstr;

/// The queue "work" is leased, "default" is not.
class Remote : public ApiTest {
 protected:
  Remote() {
    api.reset();
    store = stores::open_memory_store(
        {.queues = {{.name = "default"}, {.name = "work", .capacity = 10, .remote = true}}},
        {.clock = clock, .random = random, .observer = observer});
    api = std::make_unique<Api>(*store, clock, random);
    api->serve();
  }

  void work(const std::string& id, const std::string& more = "") {
    ASSERT_EQ(enqueue(R"({"queue":"work","id":")" + id + "\"" + more + "}").status, 202U);
  }
  std::shared_ptr<FakeExchange> lease(std::string body = R"({"worker":"w"})") {
    return ask("POST", "/v1/queues/work/lease", std::move(body));
  }
  Response tell(const std::string& id, const std::string& what, const std::string& body) {
    return ask("POST", "/v1/jobs/" + id + "/" + what, body)->response();
  }
  /// Leases the one job that is ready; its token as JSON text.
  std::string token() {
    return json::parse(lease()->response().body).at("jobs").at(0).at("lease").at("token").dump();
  }
  std::string body(const std::string& token_text, const std::string& more = "") {
    return R"({"token":)" + token_text + more + "}";
  }
  void advance(base::milliseconds by) {
    clock.advance(by);
    store->tick(clock.now());
  }
};

std::string pointer_in(const Response& response) {
  return json::parse(response.body).at("errors").at(0).at("pointer").get<std::string>();
}

}  // namespace

TEST_F(Remote, WorkersGetJobsWithTheirLeases) {
  work("a", R"(,"payload":{"n": 1})");
  EXPECT_EQ(
      lease(R"({"max_jobs":10,"lease":"90s","wait":"20s","worker":"w"})")->response().body,
      R"({"jobs":[{"id":"a","queue":"work","status":"running","payload":{"n": 1},"priority":0,"max_retries":0,)"
      R"("attempts":1,"failures":0,"interruptions":0,"enqueued_at":"2026-01-01T00:00:00.000Z",)"
      R"("started_at":"2026-01-01T00:00:00.000Z",)"
      R"("lease":{"token":"1","expires_at":"2026-01-01T00:01:30.000Z"}}]})");
  EXPECT_EQ(job("a")["lease"], (nlohmann::json{{"worker", "w"}, {"expires_at", "2026-01-01T00:01:30.000Z"}}))
      << "the token is its worker's alone";
}

TEST_F(Remote, WorkersGetTheTraceOfTheRequest) {
  const std::string trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  enqueue(R"({"queue":"work","id":"a"})", {{"traceparent", trace}});
  const auto job = json::parse(lease()->response().body).at("jobs").at(0);
  EXPECT_EQ(job.at("lease").at("traceparent"), trace);
}

TEST_F(Remote, WorkersGetTheTraceOfTheirAttemptWhereItHasOne) {
  const TraceparentOf traceparent_of = [](const engine::Claim& claim) { return "own of " + claim.id; };
  api = std::make_unique<Api>(*store, clock, random, nullptr, nullptr, &traceparent_of);
  api->serve();
  work("a");
  const auto job = json::parse(lease()->response().body).at("jobs").at(0);
  EXPECT_EQ(job.at("lease").at("traceparent"), "own of a");
}

TEST_F(Remote, AnEmptyBodyAsksForOneJobForAMinute) {
  work("a");
  work("b");
  const auto jobs = json::parse(lease("")->response().body).at("jobs");
  ASSERT_EQ(jobs.size(), 1U);
  EXPECT_EQ(jobs[0].at("lease").at("expires_at"), "2026-01-01T00:01:00.000Z");
}

TEST_F(Remote, WorkersWaitForJobs) {
  const auto waiting = lease(R"({"wait":"20s"})");
  EXPECT_EQ(waiting->wait(), 20s);
  EXPECT_FALSE(waiting->answered());
  work("a");
  EXPECT_THAT(waiting->response().body, HasSubstr(R"("id":"a")"));
  waiting->end_the_wait();  // and nothing is answered twice
}

TEST_F(Remote, AWaitThatIsOverGetsNothing) {
  const auto waiting = lease(R"({"wait":20})");
  waiting->end_the_wait();
  EXPECT_EQ(waiting->response().body, R"({"jobs":[]})");
  work("a");
  EXPECT_EQ(job("a").at("status"), "queued");
}

TEST_F(Remote, AWorkerThatWentAwayTakesNoJob) {
  const auto gone = lease(R"({"wait":"20s"})");
  const auto stays = lease(R"({"wait":"20s"})");
  gone->end_the_wait();  // which the connection does
  work("a");
  EXPECT_EQ(gone->response().body, R"({"jobs":[]})");
  EXPECT_THAT(stays->response().body, HasSubstr(R"("id":"a")"));
}

TEST_F(Remote, ALeaseOfManyJobsIsBoundedByTheirBytes) {
  const std::string payload = R"(,"payload":")" + std::string(300UL * 1024, 'x') + '"';
  for (const auto* id : {"a", "b", "c", "d", "e"}) work(id, payload);
  const auto jobs = [](const std::shared_ptr<FakeExchange>& exchange) {
    return json::parse(exchange->response().body).at("jobs").size();
  };
  EXPECT_EQ(jobs(lease(R"({"max_jobs":10})")), 3U) << "1 MiB";
  EXPECT_EQ(jobs(lease(R"({"max_jobs":10})")), 2U);
  const auto waiting = lease(R"({"max_jobs":10,"wait":"20s"})");
  work("f", payload);
  EXPECT_EQ(jobs(waiting), 1U) << "1 MiB is more than one of them, but no second one was ready";
}

TEST_F(Remote, ALeaseThatWaitedHasTheRoomThatThereIsAfterAWait) {
  room = {.now = piece_bytes, .after_wait = 1};
  const auto waiting = lease(R"({"max_jobs":10,"wait":"20s"})");
  enqueue(R"([{"queue":"work","id":"a"},{"queue":"work","id":"b"}])");
  EXPECT_EQ(json::parse(waiting->response().body).at("jobs").size(), 1U);
  EXPECT_EQ(job("b").at("status"), "queued");
}

TEST_F(Remote, ADrainingDaemonHandsOutNothing) {
  const auto waiting = lease(R"({"wait":"20s"})");
  store->stop_claims();
  EXPECT_EQ(waiting->response().body, R"({"jobs":[]})");
  EXPECT_EQ(lease(R"({"wait":"20s"})")->response().body, R"({"jobs":[]})");
}

TEST_F(Remote, OnlyQueuesForRemoteWorkersAreLeased) {
  const auto refused = ask("POST", "/v1/queues/default/lease", "{}")->response();
  EXPECT_EQ(summary(refused), "400 /problems/invalid-field");
  EXPECT_THAT(refused.body, HasSubstr("remote"));
  EXPECT_EQ(summary(ask("POST", "/v1/queues/nobody/lease", "{}")->response()),
            "404 /problems/queue-not-found");
}

TEST_F(Remote, AHeartbeatMakesTheLeaseLast) {
  work("a");
  const auto held = token();
  advance(50s);
  EXPECT_EQ(tell("a", "heartbeat", body(held, R"(,"lease":"2m")")).body,
            R"({"expires_at":"2026-01-01T00:02:50.000Z","cancel_requested":false})");
  advance(119s);
  EXPECT_EQ(job("a").at("status"), "running");
  post("/v1/jobs/a/cancel");
  EXPECT_THAT(tell("a", "heartbeat", body(held)).body, HasSubstr(R"("cancel_requested":true)"));
  EXPECT_EQ(tell("a", "fail", body(held)).status, 204U);
  EXPECT_EQ(job("a").at("reason"), "cancelled");
}

TEST_F(Remote, AJobIsCompletedWithItsResultByteForByte) {
  for (const auto* result : {"null", "17", "-0.50", "\"a\\u00e9 b\"", "[1, {\"a\" : 2}]", "true"}) {
    work("a");
    const auto answer = tell("a", "complete", body(token(), std::string(R"(, "result" :  )") + result + " "));
    EXPECT_EQ(answer.status, 204U) << answer.body;
    EXPECT_EQ(answer.body, "");
    EXPECT_THAT(get("/v1/jobs/a").body, HasSubstr(std::string(R"("result":)") + result + "}"));
    ask("DELETE", "/v1/jobs/a");
  }
  work("a");
  EXPECT_EQ(tell("a", "complete", body(token())).status, 204U);
  EXPECT_FALSE(job("a").contains("result"));
}

TEST_F(Remote, AFailureIsRetriedUnlessItsWorkerKnowsBetter) {
  work("a", R"(,"max_retries":1)");
  EXPECT_EQ(tell("a", "fail", body(token(), R"(,"error":"it broke","retry_after":"90s")")).status, 204U);
  EXPECT_EQ(job("a").at("reason"), "backoff");
  EXPECT_EQ(job("a").at("last_error"), "it broke");
  EXPECT_EQ(job("a").at("run_at"), "2026-01-01T00:01:30.000Z");
  advance(90s);
  EXPECT_EQ(tell("a", "fail", body(token())).status, 204U);
  EXPECT_EQ(job("a").at("reason"), "exhausted");
  EXPECT_EQ(job("a").at("last_error"), "the worker gave no error");
  work("b", R"(,"max_retries":1)");
  EXPECT_EQ(tell("b", "fail", body(token(), R"(,"retryable":false)")).status, 204U);
  EXPECT_EQ(job("b").at("reason"), "rejected");
}

TEST_F(Remote, ALongErrorIsCut) {
  work("a");
  EXPECT_EQ(tell("a", "fail", body(token(), R"(,"error":")" + std::string(5000, 'x') + "\"")).status, 204U);
  EXPECT_EQ(job("a").at("last_error"), std::string(4096, 'x'));
}

TEST_F(Remote, ATokenThatDoesNotHoldTheJobChangesNothing) {
  work("a");
  const auto first = token();
  work("b");
  const auto other = token();
  const auto before = everything();
  for (const auto& held : {other, std::string("\"0\""), std::string("\"18446744073709551615\"")})
    for (const auto* what : {"heartbeat", "complete", "fail"})
      EXPECT_EQ(summary(tell("a", what, body(held))), "409 /problems/lease-lost") << what << held;
  for (const auto* what : {"heartbeat", "complete", "fail"})
    EXPECT_EQ(summary(tell("nobody", what, body(first))), "404 /problems/job-not-found") << what;
  EXPECT_EQ(everything(), before);
  EXPECT_EQ(tell("a", "complete", body(first)).status, 204U);
  EXPECT_EQ(summary(tell("a", "complete", body(first))), "409 /problems/lease-lost");
}

TEST_F(Remote, ALeaseThatRanOutIsLost) {
  work("a");
  const auto late = token();
  advance(60s);
  EXPECT_EQ(job("a").at("interruptions"), 1);
  EXPECT_EQ(summary(tell("a", "complete", body(late))), "409 /problems/lease-lost");
  const auto second = token();
  EXPECT_EQ(summary(tell("a", "heartbeat", body(late))), "409 /problems/lease-lost");
  EXPECT_EQ(tell("a", "complete", body(second)).status, 204U);
}

TEST_F(Remote, AJobOfALocalWorkerIsNotLeased) {
  enqueue(R"({"id":"own"})");
  const auto own = claim();
  EXPECT_EQ(summary(tell("own", "complete", body("\"" + std::to_string(own.token) + "\""))),
            "409 /problems/lease-lost");
}

TEST_F(Remote, ATimeoutIsAFailedAttempt) {
  work("a", R"(,"timeout":"10s","max_retries":1)");
  const auto held = token();
  advance(10s);
  EXPECT_EQ(job("a").at("reason"), "backoff");
  EXPECT_EQ(job("a").at("last_error"), "timed out after 10000 ms");
  EXPECT_EQ(summary(tell("a", "heartbeat", body(held))), "409 /problems/lease-lost");
}

TEST_F(Remote, AResultThatIsTooLongIsRefusedAndTheLeaseGoesOn) {
  work("a");
  const auto held = token();
  const auto result = [](std::size_t bytes) {  // as JSON text
    return R"(,"result":")" + std::string(bytes - 2, 'x') + "\"";
  };
  const auto refused = tell("a", "complete", body(held, result(65'537)));
  EXPECT_EQ(summary(refused), "413 /problems/payload-too-large");
  EXPECT_EQ(pointer_in(refused), "/result");
  EXPECT_EQ(job("a").at("status"), "running");
  EXPECT_EQ(tell("a", "complete", body(held, result(65'536))).status, 204U);
}

TEST_F(Remote, WrongFieldsArePointedOut) {
  work("a");
  const auto before = everything();
  const auto fault = [&](const char* what, const std::string& text) {
    const auto answer = std::string(what) == "lease" ? lease(text)->response() : tell("a", what, text);
    return summary(answer) == "400 /problems/invalid-field" ? pointer_in(answer) : answer.body;
  };
  for (const auto* text : {R"({"max_jobs":0})", R"({"max_jobs":101})", R"({"max_jobs":"1"})"})
    EXPECT_EQ(fault("lease", text), "/max_jobs") << text;
  for (const auto* text : {R"({"lease":"999ms"})", R"({"lease":"25h"})", R"({"lease":true})"})
    EXPECT_EQ(fault("lease", text), "/lease") << text;
  for (const auto* text : {R"({"wait":"61s"})", R"({"wait":-1})", R"({"wait":[]})"})
    EXPECT_EQ(fault("lease", text), "/wait") << text;
  for (const auto* text : {R"({"worker":1})", R"({"worker":""})", R"({"worker":"a\nb"})"})
    EXPECT_EQ(fault("lease", text), "/worker") << text;
  EXPECT_EQ(fault("lease", R"({"token":"1"})"), "/token") << "not of this call";
  EXPECT_EQ(fault("lease", R"({"a/b":{"c":[1]}})"), "/a~1b");
  EXPECT_EQ(fault("lease", R"({"wait":1,"wait":1})"), "/wait");
  for (const auto* what : {"heartbeat", "complete", "fail"}) {
    for (const auto* text : {"{}", R"({"token":1})", R"({"token":""})", R"({"token":"-1"})",
                             R"({"token":"1x"})", R"({"token":"18446744073709551616"})", R"({"token":{}})"})
      EXPECT_EQ(fault(what, text), "/token") << what << text;
    EXPECT_EQ(fault(what, "[1]"), "") << what;
    EXPECT_EQ(fault(what, "1"), "") << what;
  }
  EXPECT_EQ(fault("complete", R"({"token":"1","result":1,"result":2})"), "/result");
  EXPECT_EQ(fault("complete", R"({"token":"1","result":1e999})"), "/result");
  EXPECT_EQ(fault("fail", R"({"token":"1","error":1})"), "/error");
  EXPECT_EQ(fault("fail", R"({"token":"1","retryable":"no"})"), "/retryable");
  EXPECT_EQ(fault("fail", R"({"token":"1","retry_after":-1})"), "/retry_after");
  EXPECT_EQ(fault("fail", R"({"token":"1","retry_after":1,"retryable":false})"), "/retry_after");
  EXPECT_EQ(everything(), before);
}

TEST_F(Remote, WhatIsNotJsonIsRefused) {
  for (const auto* what : {"heartbeat", "complete", "fail"})
    for (const std::string& text : {std::string(), std::string(" "), std::string("{"), std::string("{}x"),
                                    std::string("{\0}", 3), "[" + std::string(70, '[')})
      EXPECT_EQ(summary(tell("a", what, text)), "400 /problems/malformed-json") << what << text;
  EXPECT_EQ(summary(lease("{")->response()), "400 /problems/malformed-json");
}

}  // namespace jobqd::http
