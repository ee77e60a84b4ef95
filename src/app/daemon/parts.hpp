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
#include "app/daemon/tracing.hpp"
#include "app/logging/admin_log.hpp"
#include "app/logging/event_log.hpp"
#include "app/logging/failure_log.hpp"

namespace jobqd::app {

/// Everything that follows the events of the daemon.
struct Watchers {
  /// `tracing` may be null.
  Watchers(Log& log, const base::Clock& clock, traces::Tracer tracer, Tracing* tracing)
      : event_log(log, tracer),
        failure_log(log, clock, tracer),
        fail_stop(log),
        admin_log(log),
        all(observers(tracing)) {}

  EventLog event_log;
  FailureLog failure_log;
  Tally tally;
  AttemptWatch attempts;
  FailStop fail_stop;
  AdminLog admin_log;
  metrics::Counters counters;
  engine::Observers all;

 private:
  std::vector<engine::Observer*> observers(Tracing* tracing) {
    std::vector<engine::Observer*> list{&event_log, &failure_log, &tally, &attempts, &counters};
    if (tracing != nullptr) list.push_back(&tracing->exporter());
    list.push_back(&fail_stop);  // The last, because it may end the process.
    return list;
  }
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
  /// `spans` may be null.
  Parts(Config settings, const base::Clock& time, Log& lines, std::unique_ptr<Tracing> spans)
      : config(std::move(settings)),
        clock(time),
        log(lines),
        tracing(std::move(spans)),
        watchers(lines, time, tracer, tracing.get()),
        scheduler(time) {}
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
  const std::unique_ptr<Tracing> tracing;  ///< Null: no span leaves the daemon.
  const traces::Tracer tracer = make_tracer(config.traces);
  const http::TraceparentOf traceparent_of = [tracer = tracer](const engine::Claim& claim) {
    return tracer.traceparent_of(claim);
  };
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
