// The text of all metrics, over a store that a test fills by hand.

#include <jobqd/metrics/exposition.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/manual_clock.hpp"
#include "support/patience.hpp"
#include "support/stub_store.hpp"

namespace jobqd::metrics {

namespace {

using namespace std::chrono_literals;
using domain::ErrorCode;
using domain::Reason;
using domain::Status;
using testing::HasSubstr;
using testing::Not;

class Store final : public support::StubStore {
 public:
  engine::CopiedCounts copy_counts(std::size_t from, std::span<engine::QueueCounts> into) const override {
    asked = true;
    asked.notify_all();
    const std::scoped_lock lock(mutex);
    ++copies;
    engine::CopiedCounts copied;
    while (from < queues.size() && copied.queues < into.size()) into[copied.queues++] = queues[from++];
    copied.next = from < queues.size() ? from : 0;
    return copied;
  }
  std::string trouble() const override { return wrong; }

  mutable std::mutex mutex;
  mutable std::atomic<bool> asked = false;
  mutable int copies = 0;
  std::vector<engine::QueueCounts> queues;
  std::string wrong;
};

/// Waits for one text.
class Scrape {
 public:
  http::MetricsText::Done callback() {
    return [this](http::MetricsText::Text text) {
      const std::scoped_lock lock(mutex_);
      text_ = std::move(text);
      called_ = true;
      came_.notify_all();
    };
  }
  http::MetricsText::Text wait() {
    std::unique_lock lock(mutex_);
    came_.wait_for(lock, support::patience, [this] { return called_; });
    return text_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  http::MetricsText::Text text_;
  bool called_ = false;
};

class Exposed : public testing::Test {
 protected:
  std::string scrape(bool fresh = true) {
    Scrape one;
    exposition->get(fresh, one.callback());
    return *one.wait();
  }

  Store store;
  Counters counters;
  support::ManualClock clock;
  std::optional<Exposition> exposition{std::in_place, store, counters, clock,
                                       ExpositionOptions{.version = "1.2", .files = {{"log", "/nowhere"}}}};
};

engine::QueueCounts mail() {
  return {.name = "mail", .capacity = 100};
}

}  // namespace

TEST_F(Exposed, ShowsTheStatesOfJobsThatThereAre) {
  store.queues = {mail()};
  store.queues[0].queued.of(Reason::no_worker) = 7;
  store.queues[0].oldest_ready = 1'500ms;
  const auto text = scrape();
  EXPECT_THAT(text, HasSubstr("# TYPE jobqd_queue_jobs gauge\n"
                              "jobqd_queue_jobs{queue=\"mail\",state=\"no_worker\"} 7\n# HELP"));
  EXPECT_THAT(text, HasSubstr("\njobqd_queue_oldest_ready_age_seconds{queue=\"mail\"} 1.5\n"));
  EXPECT_THAT(text, HasSubstr("\njobqd_queue_capacity{queue=\"mail\"} 100\n"));
  EXPECT_THAT(text, Not(HasSubstr("jobqd_jobs_enqueued_total")));
}

TEST_F(Exposed, GoesOnWithAStateThatHasBecomeZero) {
  store.queues = {mail()};
  store.queues[0].paused = true;
  store.queues[0].queued.of(Reason::paused) = 7;
  scrape();
  store.queues = {mail()};
  const auto text = scrape();
  EXPECT_THAT(text, HasSubstr("\njobqd_queue_jobs{queue=\"mail\",state=\"paused\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("\njobqd_queue_paused{queue=\"mail\"} 0\n"));
  EXPECT_THAT(text, Not(HasSubstr("running")));
}

TEST_F(Exposed, ShowsTheDroppedSpansWhereThereIsACollector) {
  EXPECT_THAT(scrape(), Not(HasSubstr("spans")));
  std::atomic<std::uint64_t> dropped = 0;
  exposition.emplace(store, counters, clock,
                     ExpositionOptions{.version = "1.2", .dropped_spans = [&] { return dropped.load(); }});
  EXPECT_THAT(scrape(), HasSubstr("# TYPE jobqd_spans_dropped_total counter\njobqd_spans_dropped_total 0\n"));
  dropped = 7;
  EXPECT_THAT(scrape(), HasSubstr("\njobqd_spans_dropped_total 7\n"));
}

TEST_F(Exposed, ForgetsAQueueThatIsGone) {
  store.queues = {mail()};
  store.queues[0].queued.of(Reason::ready) = 7;
  store.queues[0].totals.enqueued = 7;
  counters.refused(ErrorCode::queue_full, "mail");
  EXPECT_THAT(scrape(), HasSubstr("jobqd_jobs_refused_total{queue=\"mail\",reason=\"full\"} 1\n"));
  store.queues = {};
  EXPECT_THAT(scrape(), Not(HasSubstr("mail")));
  store.queues = {mail()};
  const auto text = scrape();
  EXPECT_THAT(text, Not(HasSubstr("ready")));
  EXPECT_THAT(text, Not(HasSubstr("full")));
}

TEST_F(Exposed, ShowsWhatHasHappenedToJobs) {
  store.queues = {mail()};
  auto& totals = store.queues[0].totals;
  totals.enqueued = 9;
  totals.deduplicated = 1;
  totals.not_done = {0, 0, 0, 0, 3};
  for (int i = 0; i < 8; ++i) totals.ran.add(1ms);
  totals.failed.of(Reason::exhausted) = 2;
  totals.waited.add(4ms);
  totals.waited.add(90s);
  const auto text = scrape();
  for (const auto* line : {
           "jobqd_jobs_enqueued_total{queue=\"mail\"} 9",
           "jobqd_jobs_deduplicated_total{queue=\"mail\",how=\"id\"} 1",
           "jobqd_attempts_started_total{queue=\"mail\"} 8",
           "jobqd_attempts_finished_total{queue=\"mail\",outcome=\"done\"} 5",
           "jobqd_attempts_finished_total{queue=\"mail\",outcome=\"timeout\"} 3",
           "jobqd_jobs_finished_total{queue=\"mail\",outcome=\"done\"} 5",
           "jobqd_jobs_finished_total{queue=\"mail\",outcome=\"failed\",reason=\"exhausted\"} 2",
           "jobqd_job_wait_seconds_bucket{queue=\"mail\",le=\"0.001\"} 0",
           "jobqd_job_wait_seconds_bucket{queue=\"mail\",le=\"0.005\"} 1",
           "jobqd_job_wait_seconds_bucket{queue=\"mail\",le=\"3600\"} 2",
           "jobqd_job_wait_seconds_bucket{queue=\"mail\",le=\"+Inf\"} 2",
           "jobqd_job_wait_seconds_count{queue=\"mail\"} 2",
           "jobqd_job_wait_seconds_sum{queue=\"mail\"} 90.004",
       })
    EXPECT_THAT(text, HasSubstr(fmt::format("\n{}\n", line)));
  EXPECT_THAT(text, Not(HasSubstr("outcome=\"deferred\"")));
}

TEST_F(Exposed, ShowsWhatTheStoreAndTheConnectionsDo) {
  counters.refused(ErrorCode::draining, {});
  counters.batch_committed({.changes = 3, .duration = 2ms});
  counters.configuration_refused("wrong");
  counters.connection_opened();
  counters.connection_opened();
  counters.connection_closed();
  counters.handshake_failed();
  counters.request_answered({.method = "GET", .route = "/v1/jobs/{id}", .status = 200, .duration = 2ms});
  counters.request_answered({.method = "GET", .route = "/v1/jobs/{id}", .status = 200, .may_wait = true});
  counters.request_answered({.status = 400});
  store.wrong = "the disk is full";
  const auto text = scrape();
  for (const auto* line : {
           "jobqd_jobs_refused_total{reason=\"draining\"} 1",
           "jobqd_store_commit_seconds_bucket{le=\"0.0025\"} 1",
           "jobqd_store_commit_jobs_sum 3",
           "jobqd_store_writable 0",
           "jobqd_store_size_bytes{file=\"log\"} 0",
           "jobqd_config_last_reload_successful 0",
           "jobqd_http_connections 1",
           "jobqd_tls_handshake_failures_total 1",
           "jobqd_http_requests_total{method=\"GET\",route=\"/v1/jobs/{id}\",code=\"200\"} 2",
           "jobqd_http_requests_total{code=\"400\"} 1",
           "jobqd_http_request_duration_seconds_count{route=\"/v1/jobs/{id}\"} 1",
           "jobqd_build_info{version=\"1.2\"} 1",
       })
    EXPECT_THAT(text, HasSubstr(fmt::format("\n{}\n", line)));
  for (const auto* name :
       {"process_cpu_seconds_total", "process_open_fds", "process_max_fds", "process_resident_memory_bytes",
        "process_virtual_memory_bytes", "process_start_time_seconds"})
    EXPECT_THAT(text, HasSubstr(fmt::format("\n{} ", name)));
}

TEST_F(Exposed, EscapesTheNamesOfQueues) {
  store.queues = {{.name = "a\"b\\c\nd", .capacity = 1}};
  EXPECT_THAT(scrape(), HasSubstr("jobqd_queue_capacity{queue=\"a\\\"b\\\\c\\nd\"} 1\n"));
}

TEST_F(Exposed, KeepsATextForASecond) {
  scrape();
  scrape(false);
  EXPECT_EQ(store.copies, 1);
  clock.advance(999ms);
  scrape(false);
  EXPECT_EQ(store.copies, 1);
  scrape(true);
  EXPECT_EQ(store.copies, 2);
  clock.advance(1'000ms);
  scrape(false);
  EXPECT_EQ(store.copies, 3);
}

TEST_F(Exposed, MakesOneTextForAllWhoWaitWithFiguresOfAfterTheyAsked) {
  std::array<Scrape, 3> scrapes;
  {
    const std::scoped_lock lock(store.mutex);  // The first text is not ready before the others ask.
    exposition->get(true, scrapes[0].callback());
    store.asked.wait(false);
    exposition->get(true, scrapes[1].callback());
    exposition->get(true, scrapes[2].callback());
  }
  const auto first = scrapes[0].wait();
  const auto text = scrapes[1].wait();
  EXPECT_NE(text, first);
  EXPECT_EQ(scrapes[2].wait(), text);
  EXPECT_EQ(store.copies, 2);
}

TEST_F(Exposed, ATextIsAsOldAsItsFigures) {
  Scrape one;
  {
    const std::scoped_lock lock(store.mutex);
    exposition->get(true, one.callback());
    store.asked.wait(false);
    clock.advance(900ms);
  }
  one.wait();
  clock.advance(100ms);
  scrape(false);
  EXPECT_EQ(store.copies, 2);
}

TEST_F(Exposed, MakesNoMoreTextsThanClientsThatReadSlowlyMayHold) {
  std::vector<http::MetricsText::Text> held;
  const auto get = [this] {
    Scrape one;
    exposition->get(true, one.callback());
    return one.wait();
  };
  for (int i = 0; i < 8; ++i) {
    held.push_back(get());
    ASSERT_NE(held.back(), nullptr);
  }
  EXPECT_EQ(get(), nullptr);
  held.pop_back();
  EXPECT_NE(get(), nullptr);
}

TEST_F(Exposed, ShowsEveryQueueOfMany) {
  for (int i = 0; i < 1'000; ++i) store.queues.push_back({.name = fmt::format("q{}", i), .capacity = 1});
  EXPECT_THAT(scrape(), HasSubstr("\njobqd_queue_capacity{queue=\"q999\"} 1\n"));
  EXPECT_EQ(store.copies, 16) << "64 at a time";
}

TEST_F(Exposed, AnswersBeforeItEnds) {
  Scrape last;
  exposition->get(true, last.callback());
  exposition.reset();
  EXPECT_NE(last.wait(), nullptr);
}

}  // namespace jobqd::metrics
