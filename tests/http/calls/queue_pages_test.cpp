// Pages of queues and histories, over a real store, and a history that the test fills.

#include <memory>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/calls/api_fixture.hpp"

namespace jobqd::http {

namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

/// Answers at once with what the test has put in, or keeps its callers waiting.
class FakeHistory final : public QueueHistory {
 public:
  void read_queue(std::string name, HistorySpan span, Done done) override {
    spans.push_back(span);
    answer.rows = {{.name = std::move(name), .points = points}};
    take(std::move(done));
  }
  void read_page(QueuePageQuery query, Done done) override {
    queries.push_back(std::move(query));
    take(std::move(done));
  }
  void take(Done done) {
    if (holds) return held.push_back(std::move(done));
    done(fails ? nullptr : std::make_unique<const QueuePage>(answer));
  }
  void release() {
    for (auto& done : std::exchange(held, {})) done(std::make_unique<const QueuePage>(answer));
  }

  bool fails = false;
  bool holds = false;
  HistoryPoints points;
  QueuePage answer;
  std::vector<HistorySpan> spans;
  std::vector<QueuePageQuery> queries;
  std::vector<Done> held;
};

class Pages : public ApiTest {
 protected:
  Pages() {
    api = std::make_unique<Api>(*store, clock, random, nullptr, &history);
    api->serve();
    history.answer = {.rows = {{.name = "default"}},
                      .timeline = {.step = 15s, .until = at + 15min, .since = at}};
  }

  std::string detail(std::string path, Query query) {
    const auto response = get(std::move(path), std::move(query));
    EXPECT_EQ(summary(response), "400 /problems/invalid-field");
    return nlohmann::json::parse(response.body)["detail"];
  }
  nlohmann::json page(Query query) { return nlohmann::json::parse(get("/v1/queues", std::move(query)).body); }

  static constexpr base::WallTime at{std::chrono::sys_days{std::chrono::January / 1 / 2026}};
  FakeHistory history;
};

}  // namespace

TEST_F(Pages, ShowAHistoryAsSeries) {
  history.points = {std::nullopt, HistoryPoint{.enqueued = 1,
                                               .started = 2,
                                               .done = 3,
                                               .failed = 4,
                                               .ready = 5,
                                               .running = 6,
                                               .oldest_ready = 1500}};
  history.answer.timeline.step = 10s;
  EXPECT_EQ(
      get("/v1/queues/default/history").body,
      R"({"queue":"default","step":"10s","since":"2026-01-01T00:00:00.000Z","until":"2026-01-01T00:15:00.000Z",)"
      R"("enqueued":[null,1],"started":[null,2],"done":[null,3],"failed":[null,4],"ready":[null,5],)"
      R"("running":[null,6],"oldest_ready_seconds":[null,1.5]})");
}

TEST_F(Pages, ShowTheHistoryOfAnHourOrADay) {
  (void)get("/v1/queues/default/history");
  (void)get("/v1/queues/default/history", {{"span", "24h"}});
  (void)get("/v1/queues/default/history", {{"span", "1h"}});  // The same as the first.
  ASSERT_EQ(history.spans.size(), 2U);
  EXPECT_EQ(history.spans[0].step, 10s);
  EXPECT_EQ(history.spans[0].points, 360U);
  EXPECT_EQ(history.spans[1].step, 5min);
  EXPECT_EQ(history.spans[1].points, 288U);
  for (const std::string wrong : {"", "1", "2h", "60m", "1H"})
    EXPECT_EQ(detail("/v1/queues/default/history", {{"span", wrong}}),
              "query parameter span must be 1h or 24h, not \"" + wrong + '"');
  EXPECT_EQ(summary(get("/v1/queues/mail/history")), "404 /problems/queue-not-found");
}

TEST_F(Pages, HaveTheStateOfEachQueueAndItsHistory) {
  enqueue(R"({"id":"a"})");
  clock.advance(2s);
  history.answer.rows[0].points = {HistoryPoint{.done = 1, .failed = 2, .ready = 3}, std::nullopt};
  const auto shown = page({{"history", "15m"}});
  const auto& queue = shown["queues"][0];
  EXPECT_EQ(queue["name"], "default");
  EXPECT_EQ(queue["ready"], 1);
  EXPECT_EQ(queue["scale"]["oldest_ready_seconds"], 2);
  EXPECT_EQ(queue["history"].dump(), R"({"done":[1,null],"failed":[2,null],"ready":[3,null]})");
  EXPECT_EQ(shown["history"].dump(),
            R"({"since":"2026-01-01T00:00:00.000Z","step":"15s","until":"2026-01-01T00:15:00.000Z"})");
  EXPECT_FALSE(shown.contains("next_cursor"));
  ASSERT_EQ(history.queries.size(), 1U);
  EXPECT_EQ(history.queries[0].history->step, 15s);
  EXPECT_EQ(history.queries[0].history->points, 60U);
}

TEST_F(Pages, WithoutHistoryHaveTheStateAlone) {
  const auto shown = page({{"limit", "1"}});
  EXPECT_FALSE(shown.contains("history"));
  EXPECT_FALSE(shown["queues"][0].contains("history"));
  EXPECT_TRUE(shown["queues"][0].contains("scale"));
  EXPECT_FALSE(history.queries.at(0).history);
}

TEST_F(Pages, LeaveOutAQueueThatHasJustGone) {
  history.answer.rows = {{.name = "gone"}, {.name = "default"}};
  EXPECT_EQ(page({{"limit", "2"}})["queues"].size(), 1U);
}

TEST_F(Pages, AskForWhatTheRequestSays) {
  (void)page({{"sort", "failed"},
              {"prefix", "de.F_-1"},
              {"limit", "200"},
              {"history", "1h"},
              {"cursor", "failed:7:x"}});
  const auto& query = history.queries.at(0);
  EXPECT_EQ(query.sort, QueueSort::failed);
  EXPECT_EQ(query.prefix, "de.F_-1");
  EXPECT_EQ(query.limit, 200U);
  EXPECT_EQ(query.history->step, 60s);
  EXPECT_EQ(query.after->key, 7U);
  EXPECT_EQ(query.after->name, "x");
  (void)page({{"sort", "name"}});
  EXPECT_EQ(history.queries.at(1).sort, QueueSort::name);
  EXPECT_EQ(history.queries.at(1).limit, 50U);
  EXPECT_EQ(history.queries.at(1).prefix, "");
  EXPECT_FALSE(history.queries.at(1).after);
}

TEST_F(Pages, NameTheNextOne) {
  history.answer.next = QueuePosition{.key = 12, .name = "default"};
  for (const std::string sort : {"name", "ready", "failed", "oldest"}) {
    if (sort == "name") history.answer.next->key = 0;
    const std::string cursor = page({{"sort", sort}})["next_cursor"];
    (void)page({{"sort", sort}, {"cursor", cursor}});
    EXPECT_EQ(history.queries.back().after->key, history.answer.next->key);
    EXPECT_EQ(history.queries.back().after->name, "default");
    EXPECT_EQ(get("/v1/queues", {{"sort", sort == "name" ? "ready" : "name"}, {"cursor", cursor}}).status,
              400U)
        << "it goes on in its own order";
    history.answer.next->key = 12;
  }
}

TEST_F(Pages, SayWhichValuesAParameterTakes) {
  const auto must = [this](const std::string& name, const std::string& value, const std::string& allowed) {
    EXPECT_EQ(detail("/v1/queues", {{name, value}}),
              "query parameter " + name + " must be " + allowed + ", not \"" + value + '"');
  };
  for (const std::string wrong : {"", "Name", "waiting"})
    must("sort", wrong, "name, ready, failed or oldest");
  for (const std::string wrong : {"", "a b", "ä", "a/b", "%"})
    must("prefix", wrong, "1 to 64 of a-z, A-Z, 0-9, _, - and .");
  EXPECT_EQ(get("/v1/queues", {{"prefix", std::string(65, 'a')}}).status, 400U);
  for (const std::string wrong : {"", "0", "201", "-1", "1.5", "all"})
    must("limit", wrong, "a whole number from 1 to 200");
  for (const std::string wrong : {"", "15", "15min", "24h", "900s"}) must("history", wrong, "15m or 1h");
  for (const std::string wrong :
       {"", "a", "name", "name:", "name:0", "name:0:", "name::a", "name:1:a", "name:x:a", "name:0:a b",
        "ready:0:a", "other:0:a", "name:99999999999999999999:a"})
    must("cursor", wrong, "the next_cursor of a page with the same sort");
  EXPECT_TRUE(history.queries.empty());
}

TEST_F(Pages, LeaveTheListWithoutParametersAsItIs) {
  const auto all = get("/v1/queues");
  EXPECT_TRUE(history.queries.empty());
  EXPECT_EQ(field_of(all, "ETag"), "");
  EXPECT_THAT(all.body, Not(HasSubstr("scale")));
}

TEST_F(Pages, AreMadeOnceASecondForAllReaders) {
  history.holds = true;
  const auto first = ask("GET", "/v1/queues", {}, {}, {{"history", "15m"}});
  const auto second = ask("GET", "/v1/queues", {}, {}, {{"history", "15m"}, {"limit", "50"}});
  EXPECT_FALSE(first->answered());
  history.release();
  EXPECT_EQ(first->response().body, second->response().body);
  EXPECT_EQ(history.queries.size(), 1U);
  history.holds = false;
  clock.advance(999ms);
  (void)page({{"history", "15m"}});
  EXPECT_EQ(history.queries.size(), 1U);
  clock.advance(1ms);
  (void)page({{"history", "15m"}});
  EXPECT_EQ(history.queries.size(), 2U);
}

TEST_F(Pages, AreNotSentToThoseWhoHaveThem) {
  for (const std::string path : {"/v1/queues", "/v1/queues/default/history"}) {
    const Query query = path == "/v1/queues" ? Query{{"history", "15m"}} : Query{};
    const auto whole = get(path, query);
    const auto tag = field_of(whole, "ETag");
    EXPECT_EQ(field_of(whole, "Cache-Control"), "no-cache");
    for (const auto* method : {"GET", "HEAD"}) {
      const auto same = ask(method, path, {}, {{"If-None-Match", "\"x\", W/" + tag}}, query)->response();
      EXPECT_EQ(same.status, 304U);
      EXPECT_EQ(same.body, "");
      EXPECT_EQ(field_of(same, "ETag"), tag);
      EXPECT_EQ(field_of(same, "Cache-Control"), "no-cache");
    }
    EXPECT_EQ(ask("GET", path, {}, {{"If-None-Match", "\"x\""}}, query)->response().status, 200U);
  }
  enqueue(R"({"id":"a"})");
  clock.advance(1s);
  const auto before = field_of(get("/v1/queues", {{"history", "1h"}}), "ETag");
  clock.advance(1s);
  EXPECT_NE(field_of(get("/v1/queues", {{"history", "1h"}}), "ETag"), before) << "its job has waited longer";
}

TEST_F(Pages, ThatAreLongComeInPieces) {
  history.answer.rows[0].points = HistoryPoints(40'000, HistoryPoint{});
  const auto exchange = ask("GET", "/v1/queues", {}, {}, {{"history", "15m"}});
  EXPECT_EQ(exchange->pieces(), 4);
  EXPECT_EQ(nlohmann::json::parse(exchange->response().body)["queues"][0]["history"]["done"].size(), 40'000U);
}

TEST_F(Pages, WithoutMemoryAreAProblem) {
  history.fails = true;
  EXPECT_EQ(summary(get("/v1/queues", {{"limit", "1"}})), "503 /problems/out-of-memory");
  EXPECT_EQ(summary(get("/v1/queues/default/history")), "503 /problems/out-of-memory");
  history.fails = false;
  EXPECT_EQ(get("/v1/queues", {{"limit", "1"}}).status, 200U);
}

TEST_F(Pages, OfADaemonThatKeepsNoneAreNotThere) {
  api = std::make_unique<Api>(*store, clock, random);
  api->serve();
  EXPECT_EQ(summary(get("/v1/queues", {{"limit", "1"}})), "404 /problems/not-found");
  EXPECT_EQ(summary(get("/v1/queues/default/history")), "404 /problems/not-found");
  EXPECT_EQ(get("/v1/queues").status, 200U);
}

}  // namespace jobqd::http
