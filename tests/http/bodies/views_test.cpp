#include "http/bodies/views.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace jobqd::http {

namespace {

using base::milliseconds;

constexpr base::WallTime noon{std::chrono::sys_days{std::chrono::November / 24 / 2026} +
                              std::chrono::hours{12}};

std::string text_of(const domain::Job& job) {
  std::string out;
  JsonWriter json(out);
  write_job(json, job);
  return out;
}

domain::Job plain_job() {
  return {.id = "a", .queue = "default", .payload = R"({"n": 1})", .progress = {}, .enqueued_at = noon};
}

engine::Claim leased(engine::FencingToken token) {
  engine::Claim claim;
  claim.token = token;
  claim.lease = std::make_shared<engine::Lease>(engine::Lease{.job = plain_job(), .expires_at = noon});
  return claim;
}

}  // namespace

TEST(JobText, ShowsAJobThatWaits) {
  EXPECT_EQ(
      text_of(plain_job()),
      R"({"id":"a","queue":"default","status":"queued","reason":"ready","payload":{"n": 1},"priority":0,)"
      R"("max_retries":0,"attempts":0,"failures":0,"interruptions":0,"enqueued_at":"2026-11-24T12:00:00.000Z"})");
}

TEST(JobText, ShowsItsTimeOnlyWhileItWaitsForIt) {
  domain::Job job = plain_job();
  job.run_at = noon + milliseconds{1};
  EXPECT_FALSE(text_of(job).contains("run_at"));
  for (const auto reason : {domain::Reason::delayed, domain::Reason::backoff}) {
    job.progress.reason = reason;
    EXPECT_TRUE(text_of(job).contains(R"("run_at":"2026-11-24T12:00:00.001Z")"));
  }
}

TEST(JobText, ShowsEverythingThereIs) {
  domain::Job job = plain_job();
  job.progress = {.status = domain::Status::failed,
                  .reason = domain::Reason::exhausted,
                  .deferrals = 2,
                  .simulated = true,
                  .attempts = 5,
                  .failures = 4,
                  .interruptions = 1};
  job.priority = -7;
  job.max_retries = 3;
  job.timeout = milliseconds{90'000};
  job.started_at = noon + milliseconds{20};
  job.finished_at = noon + milliseconds{300};
  job.last_error = "said \"no\"\n";
  job.result = R"([ 1,2 ])";
  EXPECT_EQ(
      text_of(job),
      R"({"id":"a","queue":"default","status":"failed","reason":"exhausted","payload":{"n": 1},"priority":-7,)"
      R"("max_retries":3,"attempts":5,"failures":4,"interruptions":1,"deferrals":2,"simulated":true,)"
      R"("timeout":"1m30s",)"
      R"("enqueued_at":"2026-11-24T12:00:00.000Z",)"
      R"("started_at":"2026-11-24T12:00:00.020Z","finished_at":"2026-11-24T12:00:00.300Z",)"
      R"("last_error":"said \"no\"\n","result":[ 1,2 ]})");
}

TEST(JobText, HasNoReasonWhereThereIsNone) {
  domain::Job job = plain_job();
  job.progress = {.status = domain::Status::done, .reason = domain::Reason::none, .attempts = 1};
  EXPECT_FALSE(nlohmann::json::parse(text_of(job)).contains("reason"));
}

TEST(JobText, IsJsonWhateverTheTextsHold) {
  domain::Job job = plain_job();
  job.id = "\"\\\xFF";
  job.queue = "q\n";
  job.last_error = std::string("\0\x7F\xC3", 3);
  EXPECT_TRUE(nlohmann::json::accept(text_of(job)));
}

TEST(JobText, IsAppended) {
  std::string out = "[";
  JsonWriter json(out);
  write_job(json, plain_job());
  EXPECT_TRUE(nlohmann::json::accept(out + "]"));
}

TEST(JobText, ShowsTheLeaseUnderWhichItRuns) {
  domain::Job job = plain_job();
  job.progress = {.status = domain::Status::running, .reason = domain::Reason::none, .attempts = 1};
  job.lease = domain::JobLease{.worker = "w\"1", .expires_at = noon};
  EXPECT_TRUE(
      text_of(job).ends_with(R"("lease":{"worker":"w\"1","expires_at":"2026-11-24T12:00:00.000Z"}})"));
}

TEST(LeaseText, IsTheJobWithItsLease) {
  const auto claim = leased(18446744073709551615U);
  std::string out;
  JsonWriter json(out);
  write_lease(json, claim, "");
  const auto job = text_of(claim.lease->job);
  EXPECT_EQ(out, job.substr(0, job.size() - 1) +
                     R"(,"lease":{"token":"18446744073709551615","expires_at":"2026-11-24T12:00:00.000Z"}})");
}

TEST(LeaseText, ShowsTheTraceOfTheRequestWhereThereIsOne) {
  const auto claim = leased(1);
  std::string out;
  JsonWriter json(out);
  write_lease(json, claim, "00-\"-01");
  EXPECT_TRUE(out.ends_with(R"("expires_at":"2026-11-24T12:00:00.000Z","traceparent":"00-\"-01"}})")) << out;
}

TEST(QueueText, ShowsEverythingThereIs) {
  engine::QueueState queue{
      .name = "a\"b",
      .processor = {.name = "exec", .workers = 8, .fault = "no \"tr\""},
      .capacity = 64,
      .capacity_bytes = 1000,
      .max_retries = 3,
      .timeout = milliseconds{90'000},
      .counts = {.by_status = {1, 2, 3, 4}},
      .queued_bytes = 70,
      .paused = true,
      .queued = {.by_reason = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
      .ready = 5,
      .oldest_ready = milliseconds{1500},
      .last_minute = {.enqueued = 6, .started = 7, .done = 8, .failed = 9},
      .circuit = engine::Circuit{
          .state = domain::CircuitState::open, .failures = 10, .probes_in = milliseconds{30'000}}};
  std::string out;
  JsonWriter json(out);
  write_queue(json, queue);
  EXPECT_EQ(
      out,
      R"({"name":"a\"b","configured":true,"processor":"exec","workers":8,"not_working":"no \"tr\"","capacity":64,"capacity_bytes":1000,"max_retries":3,)"
      R"("timeout":"1m30s","paused":true,"queued":1,"queued_bytes":70,)"
      R"("ready":5,"running":2,)"
      R"("done":3,"failed":4,)"
      R"("reasons":{"no_queue":9,"not_working":8,"paused":4,"circuit_open":7,"throttled":6,"no_worker":5,"ready":1,"delayed":2,"backoff":3},)"
      R"("oldest_ready_age":"1s500ms","circuit":{"state":"open","failures":10,"probes_in":"30s"},)"
      R"("last_minute":{"enqueued":6,"started":7,"done":8,"failed":9}})");
}

}  // namespace jobqd::http
