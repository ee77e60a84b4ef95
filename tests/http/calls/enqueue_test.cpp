// POST /enqueue, over a real store.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "http/calls/api_fixture.hpp"
#include "support/stub_store.hpp"

namespace jobqd::http {

namespace {

class Enqueue : public ApiTest {};

}  // namespace

TEST_F(Enqueue, AnswersAsTheOriginalServiceToTheLetter) {
  const auto response = enqueue(R"({"id":"a1","payload":"p","max_retries":3})");
  EXPECT_EQ(response.status, 202U);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(response.body, R"({"status":"queued"})");
  EXPECT_EQ(field_of(response, "Location"), "/v1/jobs/a1");
  EXPECT_EQ(job("a1")["max_retries"], 3);
}

TEST_F(Enqueue, TellsTheIdThatItMade) {
  const auto response = enqueue("{}");
  const auto body = nlohmann::json::parse(response.body);
  const auto id = body["id"].get<std::string>();
  EXPECT_EQ(response.body, fmt::format(R"({{"id":"{}","status":"queued"}})", id));
  EXPECT_EQ(field_of(response, "Location"), "/v1/jobs/" + id);
  EXPECT_EQ(id.size(), 36U);
  EXPECT_EQ(job(id)["status"], "queued");
}

TEST_F(Enqueue, EncodesTheIdInTheLocation) {
  const auto location = field_of(enqueue(R"({"id":"a/b c?%\u20ac\"."})"), "Location");
  EXPECT_EQ(location, "/v1/jobs/a%2Fb%20c%3F%25%E2%82%AC%22.");
  EXPECT_EQ(nlohmann::json::parse(get(location).body)["id"], "a/b c?%\xE2\x82\xAC\".");
}

TEST_F(Enqueue, KeepsTheTraceOfTheRequest) {
  const std::string trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  enqueue(R"({"id":"a"})", {{"traceparent", trace}});
  EXPECT_EQ(claim().traceparent, trace);
  enqueue(R"([{"id":"b"}])", {{"traceparent", trace}});
  EXPECT_EQ(claim().traceparent, trace);
}

TEST_F(Enqueue, PassesOverATraceThatIsNone) {
  int number = 0;
  for (const auto* trace : {"", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
                            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
                            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
                            "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}) {
    EXPECT_EQ(enqueue(fmt::format(R"({{"id":"{}"}})", ++number), {{"traceparent", trace}}).status, 202U);
    EXPECT_EQ(claim().traceparent, "") << trace;
  }
}

TEST_F(Enqueue, AnswersABatchInTheOrderGiven) {
  const auto response = enqueue(R"([{"id":"b"},{"id":"a"}])");
  EXPECT_EQ(response.status, 202U);
  EXPECT_EQ(response.body, R"([{"id":"b","status":"queued"},{"id":"a","status":"queued"}])");
  EXPECT_EQ(field_of(response, "Location"), "");
}

TEST_F(Enqueue, MakesIdsForABatch) {
  const auto body = nlohmann::json::parse(enqueue("[{},{}]").body);
  EXPECT_NE(body[0]["id"], body[1]["id"]);
}

TEST_F(Enqueue, TakesTheSameRequestAgain) {
  const std::string request = R"({"id":"a","payload":[1]})";
  ASSERT_EQ(enqueue(request).status, 202U);
  const auto again = enqueue(request);
  EXPECT_EQ(again.status, 200U);
  EXPECT_EQ(again.body, R"({"status":"queued"})");
  const auto claimed = claim();
  EXPECT_EQ(enqueue(request).body, R"({"status":"running"})");
  settle(claimed);
  EXPECT_EQ(enqueue(request).body, R"({"status":"done"})");
  EXPECT_EQ(nlohmann::json::parse(everything())["jobs"].size(), 1U);
}

TEST_F(Enqueue, RefusesOtherContentUnderAnIdThatIsThere) {
  ASSERT_EQ(enqueue(R"({"id":"a","payload":1})").status, 202U);
  const auto before = everything();
  for (const auto* other : {R"({"id":"a","payload":2})", R"({"id":"a","payload":1,"priority":1})",
                            R"([{"id":"b"},{"id":"a"}])"}) {
    const auto response = enqueue(other);
    EXPECT_EQ(summary(response), "409 /problems/id-conflict");
    EXPECT_NE(response.body.find("/id\""), std::string::npos);
  }
  EXPECT_EQ(everything(), before);
}

TEST_F(Enqueue, TakesTheIdempotencyKeyForTheId) {
  EXPECT_EQ(enqueue("{}", {{"Idempotency-Key", "key-1"}}).body, R"({"status":"queued"})");
  EXPECT_EQ(enqueue("{}", {{"Idempotency-Key", "\"key-1\""}}).status, 200U) << "quoted, as the draft has it";
  EXPECT_EQ(enqueue(R"({"payload":1})", {{"Idempotency-Key", "key-1"}}).status, 409U);
  EXPECT_EQ(job("key-1")["status"], "queued");
}

TEST_F(Enqueue, UnescapesAQuotedIdempotencyKey) {
  ASSERT_EQ(enqueue("{}", {{"Idempotency-Key", R"("a\"b\\c")"}}).status, 202U);
  EXPECT_EQ(job("a%22b%5Cc")["id"], "a\"b\\c");
}

TEST_F(Enqueue, TakesTheIdOfTheBodyOverTheKey) {
  ASSERT_EQ(enqueue(R"({"id":"body"})", {{"Idempotency-Key", "key"}}).status, 202U);
  EXPECT_EQ(job("body")["id"], "body");
  EXPECT_EQ(get("/v1/jobs/key").status, 404U);
}

TEST_F(Enqueue, RefusesAKeyThatCanBeNoId) {
  for (const auto& key : {std::string("\"\""), std::string(256, 'k'), std::string("a\tb"),
                          std::string("caf\xC3\xA9"), std::string("\x7F")})
    EXPECT_EQ(summary(enqueue("{}", {{"Idempotency-Key", key}})), "400 /problems/invalid-field") << key;
}

TEST_F(Enqueue, RefusesAKeyThatIsEmptyOrGivenTwice) {
  EXPECT_EQ(summary(enqueue("{}", {{"Idempotency-Key", ""}})), "400 /problems/invalid-field");
  EXPECT_EQ(summary(enqueue("{}", {{"Idempotency-Key", "a"}, {"Idempotency-Key", "a"}})),
            "400 /problems/invalid-field");
}

TEST_F(Enqueue, RefusesAKeyForABatch) {
  EXPECT_EQ(summary(enqueue("[{}]", {{"Idempotency-Key", "k"}})), "400 /problems/invalid-field");
}

TEST_F(Enqueue, RefusesMoreThanTheQueueHolds) {
  ASSERT_EQ(enqueue("[{},{}]").status, 202U);
  const auto before = everything();
  const auto response = enqueue("{}");
  EXPECT_EQ(summary(response), "429 /problems/queue-full");
  EXPECT_EQ(field_of(response, "Retry-After"), "1");
  EXPECT_EQ(everything(), before);
}

TEST_F(Enqueue, TakesAllOfABatchOrNothing) {
  ASSERT_EQ(enqueue("{}").status, 202U);
  const auto before = everything();
  EXPECT_EQ(summary(enqueue("[{},{}]")), "429 /problems/queue-full");
  EXPECT_EQ(summary(enqueue("[{},{},{}]")), "400 /problems/invalid-field") << "such a batch can never fit";
  EXPECT_EQ(everything(), before);
}

TEST_F(Enqueue, RefusesAQueueThatIsNotThere) {
  const auto response = enqueue(R"({"queue":"nope"})");
  EXPECT_EQ(summary(response), "404 /problems/queue-not-found");
  EXPECT_EQ(nlohmann::json::parse(response.body)["errors"][0]["pointer"], "/queue");
}

TEST_F(Enqueue, PointsAtTheWrongFieldOfABatch) {
  const auto response = enqueue(R"([{},{"queue":"nope"}])");
  EXPECT_EQ(nlohmann::json::parse(response.body)["errors"][0]["pointer"], "/1/queue");
}

TEST_F(Enqueue, TakesARunAtOfAYearAheadAndNoMore) {
  EXPECT_EQ(enqueue(R"({"id":"a","run_at":"2027-01-02T00:00:00Z"})").status, 202U);  // 366 days
  EXPECT_EQ(job("a")["run_at"], "2027-01-02T00:00:00.000Z");
  EXPECT_EQ(job("a")["reason"], "delayed");
  const auto response = enqueue(R"([{},{"run_at":"2027-01-02T00:00:00.001Z"}])");
  EXPECT_EQ(summary(response), "400 /problems/invalid-field");
  EXPECT_EQ(nlohmann::json::parse(response.body)["errors"][0]["pointer"], "/1/run_at");
}

TEST_F(Enqueue, TakesARunAtInThePastForNow) {
  ASSERT_EQ(enqueue(R"({"id":"a","run_at":"1970-01-01T00:00:00Z"})").status, 202U);
  EXPECT_EQ(job("a")["reason"], "ready");
}

TEST_F(Enqueue, ChangesNothingWhereItRefuses) {
  const auto before = everything();
  for (const auto* body :
       {"", "null", "3", "{", "[]", R"({"id":""})", R"([{"id":"a"},{"id":""}])", R"({"max_retries":-1})"})
    EXPECT_EQ(enqueue(body).status, 400U) << body;
  EXPECT_EQ(everything(), before);
}

TEST_F(Enqueue, RefusesAPageOfAnotherSite) {
  const ApiTest::Fields host{{"Host", "127.0.0.1:8080"}};
  auto fields = host;
  fields.emplace("Origin", "http://127.0.0.1:8080");
  EXPECT_EQ(enqueue("{}", fields).status, 202U);
  for (const auto& [name, value] :
       {std::pair{"Origin", "http://evil.example"}, {"Sec-Fetch-Site", "cross-site"}}) {
    auto forged = fields;
    forged.emplace(name, value);
    EXPECT_EQ(summary(enqueue("{}", forged)), "403 /problems/forbidden-origin") << name;
  }
}

TEST_F(Enqueue, RefusesWhenTheStoreStops) {
  store->stop_admission();
  const auto response = enqueue("{}");
  EXPECT_EQ(summary(response), "503 /problems/draining");
  EXPECT_NE(field_of(response, "Retry-After"), "");
}

TEST_F(Enqueue, SaysSoWhenTheStoreCannotBeWritten) {
  support::StubStore broken;
  api = std::make_unique<Api>(broken, clock, random);
  api->serve();
  const auto response = enqueue("{}");
  EXPECT_EQ(summary(response), "503 /problems/store-unavailable");
  EXPECT_NE(field_of(response, "Retry-After"), "");
}

}  // namespace jobqd::http
