#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <jobqd/base/random.hpp>
#include <jobqd/engine/observers.hpp>
#include <jobqd/engine/scheduler.hpp>
#include <jobqd/http/server.hpp>
#include <jobqd/metrics/counters.hpp>
#include <jobqd/metrics/exposition.hpp>
#include <jobqd/metrics/history.hpp>
#include <jobqd/stores/embedded_store.hpp>

#include "app/daemon/app.hpp"
#include "app/daemon/attempt_watch.hpp"
#include "app/daemon/fail_stop.hpp"
#include "app/daemon/file_watch.hpp"
#include "app/daemon/queue_runners.hpp"
#include "app/daemon/tally.hpp"
#include "app/logging/admin_log.hpp"
#include "app/logging/event_log.hpp"
#include "app/logging/failure_log.hpp"

namespace jobqd::app {

/// Everything that follows the events of the daemon.
struct Watchers {
  Watchers(Log& log, const base::Clock& clock)
      : event_log(log), failure_log(log, clock), fail_stop(log), admin_log(log) {}

  EventLog event_log;
  FailureLog failure_log;
  Tally tally;
  AttemptWatch attempts;
  FailStop fail_stop;
  AdminLog admin_log;
  metrics::Counters counters;
  engine::Observers all{{&event_log, &failure_log, &tally, &attempts, &counters, &fail_stop}};
};

/// The files of the queues, and the thread that looks at them.
struct QueueFiles {
  QueueFiles(Log& log, const base::Clock& clock) : watch(log), scheduler(clock, "files") {
    scheduler.add(watch);
  }

  FileWatch watch;
  engine::Scheduler scheduler;
};

/// The history of the queues, and the thread that samples and shows it.
struct QueueHistories {
  explicit QueueHistories(const base::Clock& clock) : scheduler(clock, "history") {}

  void add(const engine::Operations& operations) {
    history.emplace(operations, [this] { scheduler.wake(); });
    scheduler.add(*history);
  }

  /// Before any job is enqueued or runs, so that all of them are in the history.
  void start(base::Now now) {
    history->run(now);
    scheduler.start();
  }

  engine::Scheduler scheduler;
  std::optional<metrics::History> history;
};

/// Everything the daemon is made of, in the order in which it is built; destroyed in reverse.
/// Size: plain data: a member for each part, and the state of the start.
struct App::Parts {
  Parts(Config settings, const base::Clock& time, Log& lines)
      : config(std::move(settings)), clock(time), log(lines), watchers(lines, time), scheduler(time) {}
  ~Parts() {  // The schedulers are built before what they use; their threads end before it.
    for (auto* each : {&scheduler, &files.scheduler, &histories.scheduler}) {
      each->request_stop();
      each->join();
    }
  }

  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  const Config config;  ///< As it was at the start. The log knows its level, which may change.
  const base::Clock& clock;
  Log& log;
  Watchers watchers;
  base::Random random{base::Random::system_seed()};
  engine::Scheduler scheduler;
  QueueFiles files{log, clock};
  std::unique_ptr<engine::Store> store;
  decltype(stores::UnrestoredStore::restore) restore;  ///< Null: there is nothing to restore.
  bool store_is_durable = false;
  bool serves = false;  ///< serve() was called: all jobs are restored.
  std::optional<engine::StoreDuty> store_duty;
  std::optional<QueueRunners> runners;  ///< Of the queues as they are now.
  std::optional<metrics::Exposition> metrics;
  QueueHistories histories{clock};
  std::shared_ptr<http::Tls> tls;  ///< Null: no address has TLS.
  std::unique_ptr<http::Server> server;
  std::vector<ListenAddress> addresses;  ///< Of the server, with the numbers of their ports.
};

}  // namespace jobqd::app
