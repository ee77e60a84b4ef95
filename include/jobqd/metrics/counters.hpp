#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <jobqd/base/histogram.hpp>
#include <jobqd/base/mutex.hpp>
#include <jobqd/engine/observer.hpp>
#include <jobqd/http/observer.hpp>

namespace jobqd::metrics {

/// From 0.1 ms to a second, in microseconds: what a commit takes.
inline constexpr std::array<std::int64_t, 13> bounds_of_commits{
    100, 250, 500, 1'000, 2'500, 5'000, 10'000, 25'000, 50'000, 100'000, 250'000, 500'000, 1'000'000};

inline constexpr std::array<std::int64_t, 13> bounds_of_batches{1,   2,   4,   8,     16,    32,   64,
                                                                128, 256, 512, 1'024, 2'048, 4'096};

/// Requests that were answered alike.
struct RequestCount {
  std::string_view method;  ///< These two live as long as the server.
  std::string_view route;
  unsigned status = 0;
  std::uint64_t times = 0;
};

/// How long the requests of a route took.
struct RouteTimes {
  std::string_view route;
  base::DurationHistogram<> durations;
};

/// A queue, empty if there was none, and why it refused a submission.
using Refusal = std::pair<std::string, domain::ErrorCode>;

/// What Counters has counted. The rest of what is shown is in the store.
struct CounterValues {
  std::map<Refusal, std::uint64_t> refused = {};
  base::DurationHistogram<bounds_of_commits> commits;
  base::Histogram<bounds_of_batches> commit_changes;
  bool last_reload_successful = true;
  std::vector<RequestCount> requests = {};
  std::vector<RouteTimes> routes = {};
  std::uint64_t connections = 0;  ///< That are open.
  std::uint64_t failed_handshakes = 0;
};

/// Counts events of the engine and of HTTP that no part of the daemon counts itself. What happens to jobs is
/// counted by the store, under the lock that it holds anyway.
///
/// Thread-safe: the events of each of the two sides share a lock, which is held for less than a microsecond.
/// None of them comes for every job.
class Counters final : public engine::Observer, public http::Observer {
 public:
  void refused(domain::ErrorCode why, std::string_view queue) override;
  void batch_committed(const engine::Commit& commit) override;
  void configuration_changed(std::string_view changed, std::string_view needs_a_restart) override;
  void configuration_refused(std::string_view why) override;

  void connection_opened() override;
  void connection_closed() override;
  void handshake_failed() override;
  void request_answered(const http::Answered& answered) override;

  [[nodiscard]] CounterValues values() const;

  /// Forgets what was counted of all other queues.
  void keep_queues(const std::set<std::string>& queues);

 private:
  struct Engine {
    std::map<Refusal, std::uint64_t> refused;
    base::DurationHistogram<bounds_of_commits> commits;
    base::Histogram<bounds_of_batches> commit_changes;
    bool last_reload_successful = true;
  };
  struct Http {
    std::vector<RequestCount> requests;  ///< Searched from the start: there are a few dozen at most.
    std::vector<RouteTimes> routes;
    std::uint64_t connections = 0;
    std::uint64_t failed_handshakes = 0;
  };

  mutable base::Mutex engine_mutex_;
  Engine engine_ JOBQD_GUARDED_BY(engine_mutex_);
  mutable base::Mutex http_mutex_;
  Http http_ JOBQD_GUARDED_BY(http_mutex_);
};

}  // namespace jobqd::metrics
