#include "stores/faults/workload.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <jobqd/base/random.hpp>

#include "support/attempts.hpp"
#include "support/caught.hpp"

namespace jobqd::stores::sqlite {

using base::milliseconds;

bool Workload::run(int steps) {
  for (int i = 0; i < steps; ++i)
    if (!step()) return false;
  return true;
}

bool Workload::step() {
  const auto chance = below(100);
  if (chance < 25) return submit(1);
  if (chance < 33) return submit(2 + below(5));
  if (chance < 37) return lease();
  if (chance < 41) return end_lease();
  if (chance < 55) {
    start();
  } else if (chance < 68) {
    settle();
  } else if (chance < 75) {
    on_disk_.advance(milliseconds{1 + below(20)});
  } else {
    return ask(static_cast<int>(below(8)));
  }
  return true;
}

domain::NewJob Workload::make_job() {
  domain::NewJob job{.id = fmt::format("job-{}", ++jobs_)};
  // Most are small; some need overflow pages.
  const auto size = below(8) == 0 ? 3000 + below(9000) : below(200);
  job.payload = fmt::format(R"("{}{}")", job.id, std::string(size, static_cast<char>('a' + below(26))));
  job.priority = static_cast<std::int8_t>(static_cast<int>(below(3)) - 1);
  job.max_retries = static_cast<std::uint16_t>(below(4));
  if (below(6) == 0) job.delay = milliseconds{1 + below(60)};
  if (below(6) == 0) job.timeout = std::chrono::hours{1};
  return job;
}

bool Workload::submit(std::size_t count) {
  std::vector<domain::NewJob> jobs;
  for (std::size_t i = 0; i < count; ++i) jobs.push_back(make_job());
  ledger_.submitting(jobs);
  const auto answer = on_disk_.submit(std::move(jobs));
  if (answer) {
    ledger_.accepted();
    return true;
  }
  const bool is_indeterminate = on_disk_.disk().off() || !on_disk_.watcher.lost().empty();
  is_indeterminate ? ledger_.unanswered() : ledger_.refused();
  return false;
}

void Workload::start() {
  if (auto claim = on_disk_.claim()) claims_.push_back(*std::move(claim));
}

void Workload::settle() {
  if (claims_.empty()) return start();
  const auto place = claims_.begin() + static_cast<std::ptrdiff_t>(below(claims_.size()));
  const auto claim = std::move(*place);
  claims_.erase(place);
  auto outcome = [&]() -> engine::Outcome {
    switch (below(6)) {
      case 0:
        return engine::Retry{.error = "it broke", .after = milliseconds{1 + below(50)}};
      case 1:
        return engine::Fail{.error = "it broke for good"};
      case 2:
        return engine::Interrupted{};
      case 3:
        return engine::Done{.result = fmt::format(R"({{"by":{}}})", claim.attempt)};
      default:
        return engine::Done{};
    }
  }();
  support::settle(on_disk_.store(), claim, std::move(outcome));
}

/// A remote worker takes a job, for longer than all lives last.
bool Workload::lease() {
  const auto next = on_disk_.store().next_start();
  if (!next || *next > on_disk_.clock.now().steady) return true;
  const auto answer = support::result_of<std::vector<engine::Claim>>([&](auto done) {
    on_disk_.store().claim(
        {.queue = "default", .lease = engine::LeaseTerms{.duration = std::chrono::hours{1}, .worker = "w"}},
        std::move(done));
  });
  if (answer) leases_.push_back(answer->front());
  return answer.has_value();
}

/// A remote worker completes its job. If it gets no answer, it does not know whether it still has the job.
bool Workload::end_lease() {
  if (leases_.empty()) return lease();
  const auto place = leases_.begin() + static_cast<std::ptrdiff_t>(below(leases_.size()));
  const auto claim = std::move(*place);
  leases_.erase(place);
  const auto ended =
      support::settled(on_disk_.store(), claim, engine::Done{.result = "1"}, engine::Settler::remote_worker);
  if (!ended) {
    ledger_.maybe_changed(claim.id);
    return false;
  }
  if (const auto job = on_disk_.find(claim.id); job && on_disk_.store().trouble().empty()) ledger_.told(*job);
  return true;
}

std::string Workload::lost_lease() {
  for (const auto& claim : leases_) {
    const std::chrono::hours duration{1 + below(2)};  // Another length is written.
    const auto extended = support::result_of<engine::Extension>(
        [&](auto done) { on_disk_.store().extend(claim.id, claim.token, duration, std::move(done)); });
    if (!extended) return extended.error().detail;
  }
  return {};
}

bool Workload::ask(int what) {
  const auto ids = ledger_.ids();
  if (ids.empty()) return true;
  const auto& id = ids[below(ids.size())];
  switch (what) {
    case 0:
    case 1:
      return remove(id);
    case 2:
      return answered(id, on_disk_.cancel(id));
    case 3:
      return answered(id, on_disk_.retry(id));
    default: {
      // In trouble the store answers from memory, which does not commit it to anything.
      const auto job = on_disk_.find(id);
      if (!on_disk_.store().trouble().empty() || on_disk_.disk().off()) return false;
      if (job) ledger_.told(*job);
      return true;
    }
  }
}

bool Workload::answered(const std::string& id, const engine::Expected<domain::Job>& answer) {
  if (answer) ledger_.told(*answer);
  const bool unavailable = !answer && answer.error().code == domain::ErrorCode::store_unavailable;
  if (unavailable) ledger_.maybe_changed(id);
  return !unavailable;
}

bool Workload::remove(const std::string& id) {
  const auto answer = on_disk_.remove(id);
  if (answer) ledger_.removed(id);
  const bool unavailable = !answer && answer.error().code == domain::ErrorCode::store_unavailable;
  if (unavailable) ledger_.maybe_removed(id);
  return !unavailable;
}

std::uint64_t seed_of_this_run() {
  static const std::uint64_t seed = [] {
    std::uint64_t number = base::Random::system_seed();
    if (const char* text = std::getenv("JOBQD_SEED"); text != nullptr) {
      const std::string_view digits(text);
      std::from_chars(digits.data(), digits.data() + digits.size(), number);
    }
    fmt::print("seed: JOBQD_SEED={}\n", number);
    return number;
  }();
  return seed;
}

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int slower = 5;
#else
constexpr int slower = 1;
#endif

bool torture() {
  return std::getenv("JOBQD_TORTURE") != nullptr;
}

}  // namespace

int rounds(int short_run, int long_run) {
  return torture() ? long_run : std::max(1, short_run / slower);
}

std::uint64_t sweep_stride() {
  return torture() ? 1 : slower;
}

}  // namespace jobqd::stores::sqlite
