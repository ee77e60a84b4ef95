#include <jobqd/domain/job.hpp>

#include <array>
#include <functional>
#include <set>
#include <utility>

#include <gtest/gtest.h>

namespace jobqd::domain {

namespace {

NewJob plain() {
  return {.id = "a", .payload = R"({"n":1})"};
}

NewJob changed(const std::function<void(NewJob&)>& change) {
  NewJob job = plain();
  change(job);
  return job;
}

}  // namespace

TEST(JobNames, OfTheFourStatuses) {
  constexpr std::array<std::pair<Status, std::string_view>, status_count> names{{{Status::queued, "queued"},
                                                                                 {Status::running, "running"},
                                                                                 {Status::done, "done"},
                                                                                 {Status::failed, "failed"}}};
  for (const auto& [status, name] : names) {
    EXPECT_EQ(to_string(status), name);
    EXPECT_EQ(status_from(name), status);
  }
}

TEST(JobNames, RefuseWhatIsNoStatus) {
  for (const auto* text : {"", "Queued", "queued ", "retrying", "0"})
    EXPECT_EQ(status_from(text), std::nullopt);
}

TEST(JobNames, OfTheReasons) {
  constexpr std::array<std::pair<Reason, std::string_view>, reason_count> names{{
      {Reason::none, ""},
      {Reason::ready, "ready"},
      {Reason::delayed, "delayed"},
      {Reason::backoff, "backoff"},
      {Reason::paused, "paused"},
      {Reason::no_worker, "no_worker"},
      {Reason::throttled, "throttled"},
      {Reason::circuit_open, "circuit_open"},
      {Reason::not_working, "not_working"},
      {Reason::no_queue, "no_queue"},
      {Reason::exhausted, "exhausted"},
      {Reason::rejected, "rejected"},
      {Reason::cancelled, "cancelled"},
      {Reason::expired, "expired"},
      {Reason::interrupted, "interrupted"},
  }};
  for (const auto& [reason, name] : names) EXPECT_EQ(to_string(reason), name);
}

TEST(Fingerprint, StaysTheSameInEveryVersion) {
  EXPECT_EQ(fingerprint(plain()), 3400980557211129777U);
  const NewJob full{.id = "a",
                    .queue = "mail",
                    .payload = "null",
                    .max_retries = 3,
                    .priority = -5,
                    .delay = base::milliseconds{1500},
                    .run_at = base::WallTime{base::milliseconds{1'767'225'600'000}},
                    .timeout = base::milliseconds{30'000}};
  EXPECT_EQ(fingerprint(full), 5322658187618757931U);
}

TEST(Fingerprint, DependsOnEveryFieldButTheId) {
  const std::array<std::function<void(NewJob&)>, 11> changes{
      [](NewJob&) {},
      [](NewJob& job) { job.queue = "mail"; },
      [](NewJob& job) { job.payload = R"({"n":2})"; },
      [](NewJob& job) { job.max_retries = 1; },
      [](NewJob& job) { job.priority = 1; },
      [](NewJob& job) { job.priority = -1; },
      [](NewJob& job) { job.delay = base::milliseconds{1}; },
      [](NewJob& job) { job.run_at = base::WallTime{base::milliseconds{1}}; },
      [](NewJob& job) { job.timeout = base::milliseconds{1}; },
      [](NewJob& job) { job.timeout = base::milliseconds{2}; },
      [](NewJob& job) { job.payload.clear(); },
  };
  std::set<std::uint64_t> seen;
  for (const auto& change : changes) seen.insert(fingerprint(changed(change)));
  EXPECT_EQ(seen.size(), changes.size());
  EXPECT_EQ(fingerprint(changed([](NewJob& job) { job.id = "b"; })), fingerprint(plain()));
}

TEST(Fingerprint, DistinguishesAbsentFromZero) {
  const auto absent = fingerprint(plain());
  EXPECT_NE(fingerprint(changed([](NewJob& job) { job.max_retries = 0; })), absent);
  EXPECT_NE(fingerprint(changed([](NewJob& job) { job.delay = base::milliseconds{0}; })), absent);
  EXPECT_NE(fingerprint(changed([](NewJob& job) { job.run_at = base::WallTime{}; })), absent);
  EXPECT_NE(fingerprint(changed([](NewJob& job) { job.timeout = base::milliseconds{0}; })), absent);
}

TEST(Fingerprint, DistinguishesWhereAFieldEnds) {
  const auto first = changed([](NewJob& job) { job.queue = "ab", job.payload = "c"; });
  const auto second = changed([](NewJob& job) { job.queue = "a", job.payload = "bc"; });
  EXPECT_NE(fingerprint(first), fingerprint(second));
}

}  // namespace jobqd::domain
