#include <jobqd/traces/exporter.hpp>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <semaphore>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/patience.hpp"
#include "traces/claims.hpp"

namespace jobqd::traces {

namespace {

using namespace std::chrono_literals;

/// A collector that answers as the test says, and remembers how many spans each request had.
class FakeCollector {
 public:
  Reply post(const std::string& body, const std::stop_token& stop) {
    const auto json = nlohmann::json::parse(body);
    std::unique_lock lock(mutex_);
    got_.push_back(json.at("resourceSpans").at(0).at("scopeSpans").at(0).at("spans").size());
    news_.notify_all();
    if (hangs_) {
      news_.wait(lock, stop, [] { return false; });
      return {.body = "it was stopped"};
    }
    if (replies_.empty()) return {.status = 200};
    auto reply = replies_.front();
    replies_.pop_front();
    return reply;
  }

  void reply(Reply reply) { replies_.push_back(std::move(reply)); }
  void hang() { hangs_ = true; }
  /// Waits for that many requests.
  std::vector<std::size_t> wait_for(std::size_t requests) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(news_.wait_for(lock, support::patience, [&] { return got_.size() >= requests; }));
    return got_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any news_;
  std::deque<Reply> replies_;
  std::vector<std::size_t> got_;
  bool hangs_ = false;
};

/// The events in one text. Read once the exporter has stopped.
struct Diary final : ExportEvents {
  void dropping(std::string_view why) override {
    text += fmt::format("dropping: {}\n", why);
    begun.release();
  }
  void delivering(std::uint64_t dropped) override { text += fmt::format("delivering: {}\n", dropped); }
  void warned(std::string_view message) override { text += fmt::format("warned: {}\n", message); }
  std::string text = {};
  std::binary_semaphore begun{0};
};

class ExporterTest : public testing::Test {
 protected:
  void settle(int attempts, std::string_view traceparent = sampled) {
    for (int i = 0; i < attempts; ++i)
      exporter.attempt_settled(traced_claim(fmt::format("{}", i), traceparent), engine::Done{});
  }

  base::SystemClock clock;  // The thread waits in real time; no test waits for a period to pass.
  base::Random random{1};
  FakeCollector collector;
  Diary diary;
  Exporter exporter{Tracer(0),
                    {{"service.name", "test"}},
                    {.clock = clock,
                     .random = random,
                     .post = [this](const std::string& body,
                                    const std::stop_token& stop) { return collector.post(body, stop); },
                     .events = diary}};
};

}  // namespace

TEST_F(ExporterTest, SendsAFullBatchAndTheRestAtItsStop) {
  exporter.start();
  settle(600);
  EXPECT_EQ(collector.wait_for(1), std::vector<std::size_t>{512});
  exporter.stop();
  EXPECT_EQ(collector.wait_for(2), (std::vector<std::size_t>{512, 88}));
  EXPECT_EQ(exporter.dropped(), 0U);
  EXPECT_EQ(diary.text, "");
}

TEST_F(ExporterTest, KeepsAtMost2048SpansAndCountsTheRest) {
  settle(3'000);  // Before its thread takes any.
  EXPECT_EQ(exporter.dropped(), 952U);
  exporter.start();
  collector.wait_for(4);  // A stop on a busy machine may give them up.
  exporter.stop();
  EXPECT_EQ(collector.wait_for(4), (std::vector<std::size_t>{512, 512, 512, 512}));
  EXPECT_EQ(exporter.dropped(), 952U);
}

TEST_F(ExporterTest, SendsNothingOfAttemptsWithoutASpan) {
  settle(10, unsampled);
  settle(10, "");
  exporter.attempt_settled(traced_claim("a"), engine::Unstarted{});
  exporter.start();
  exporter.attempt_stale(traced_claim("b"));
  exporter.stop();
  EXPECT_EQ(collector.wait_for(1), std::vector<std::size_t>{1});
}

TEST_F(ExporterTest, DropsWhatTheCollectorRefusesAndSaysSoOnce) {
  collector.reply({.status = 400, .body = "bad"});
  collector.reply({.status = 400, .body = "bad"});
  settle(1'024);
  exporter.start();
  exporter.stop();
  EXPECT_EQ(collector.wait_for(2).size(), 2U) << "no request is repeated";
  EXPECT_EQ(exporter.dropped(), 1'024U);
  EXPECT_EQ(diary.text, "dropping: HTTP 400 bad\n");
}

TEST_F(ExporterTest, CountsWhatTheCollectorRejects) {
  collector.reply(
      {.status = 200, .body = R"({"partialSuccess":{"rejectedSpans":"2","errorMessage":"old"}})"});
  settle(3);
  exporter.start();
  exporter.stop();
  EXPECT_EQ(exporter.dropped(), 2U);
  EXPECT_EQ(diary.text, "dropping: the collector rejected 2 spans: old\n");
}

TEST_F(ExporterTest, CountsNoMoreThanItSentWhateverTheCollectorSays) {
  collector.reply(
      {.status = 200,
       .body = fmt::format(
           R"({{"partialSuccess":{{"rejectedSpans":"18446744073709551615","errorMessage":"{}"}}}})",
           std::string(10'000, 'x'))});
  settle(3);
  exporter.start();
  exporter.stop();
  EXPECT_EQ(exporter.dropped(), 3U);
  EXPECT_TRUE(diary.text.starts_with("dropping: the collector rejected 3 spans: x"));
  EXPECT_LE(diary.text.size(), 600U);
}

TEST_F(ExporterTest, ReportsAWarningOnce) {
  for (int i = 0; i < 2; ++i)
    collector.reply({.status = 200, .body = R"({"partialSuccess":{"errorMessage":"slow down"}})"});
  settle(1'024);
  exporter.start();
  exporter.stop();
  EXPECT_EQ(diary.text, "warned: slow down\n");
}

TEST_F(ExporterTest, SendsABatchAgainIfTheCollectorIsBusy) {
  collector.reply({.status = 503});
  settle(512);
  exporter.start();
  EXPECT_EQ(collector.wait_for(2), (std::vector<std::size_t>{512, 512}));
  exporter.stop();
  EXPECT_EQ(exporter.dropped(), 0U);
  EXPECT_EQ(diary.text, "");
}

TEST_F(ExporterTest, SaysThatSpansAreDroppedWhileItWaitsForABusyCollector) {
  collector.reply({.status = 429, .retry_after = 24h, .body = "full"});
  exporter.start();
  settle(512);
  collector.wait_for(1);
  settle(3'000);
  EXPECT_TRUE(diary.begun.try_acquire_for(support::patience));
  exporter.stop();
  // A slow machine may also report the end of it.
  EXPECT_TRUE(diary.text.starts_with("dropping: HTTP 429 full\n")) << diary.text;
}

TEST_F(ExporterTest, StopsThoughTheCollectorHangs) {
  collector.hang();
  settle(1'000);
  exporter.start();
  collector.wait_for(1);
  exporter.stop();
  settle(1);
  EXPECT_EQ(exporter.dropped(), 1'001U);
  EXPECT_EQ(diary.text, "dropping: it was stopped\n");
}

TEST_F(ExporterTest, TakesSpansOfManyThreads) {
  exporter.start();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([this] { settle(2'000); });
  }
  exporter.stop();
  std::size_t sent = 0;
  for (const auto spans : collector.wait_for(1)) sent += spans;
  EXPECT_EQ(sent + exporter.dropped(), 8'000U);
}

TEST_F(ExporterTest, MayEndWithoutAStart) {
  settle(1);
}

}  // namespace jobqd::traces
