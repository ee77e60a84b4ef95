#include "app/logging/event_log.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "app/logging/test_pipe.hpp"

namespace jobqd::app {

namespace {

/// Stamps every line with the same time. The waits of the log need a clock that runs.
class StandingCalendar final : public base::Clock {
 public:
  [[nodiscard]] base::Now now() const override {
    return {.wall = base::WallTime{std::chrono::sys_days{std::chrono::January / 1 / 2026}},
            .steady = base::SystemClock().now().steady};
  }
};

engine::Claim claim_of(std::string id, engine::FencingToken token = 0) {
  engine::Claim claim;
  claim.token = token;
  claim.id = std::move(id);
  claim.queue = "q";
  claim.attempt = 2;
  claim.worker = "w";
  return claim;
}

class EventLogTest : public testing::Test {
 protected:
  /// What the log has written since the last call, without the time of each line.
  std::string written() {
    log.drain();
    std::string text = pipe.read_what_is_there();
    for (auto at = text.find(time); at != std::string::npos; at = text.find(time, at))
      text.erase(at, time.size());
    return text;
  }

  const std::string time = "2026-01-01T00:00:00.000Z ";
  const engine::Claim claim = claim_of("j");
  const StandingCalendar clock;
  TestPipe pipe;
  Log log{LogLevel::debug, LogFormat::text, clock, pipe.write_end()};
  EventLog events{log};
};

}  // namespace

TEST_F(EventLogTest, LinesOfAnAttemptHaveTheIdsOfItsSpan) {
  auto traced = claim;
  traced.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  events.attempt_settled(traced, engine::Done{});
  EXPECT_EQ(written(),
            "debug job done id=j queue=q attempt=2 status=done trace_id=0af7651916cd43dd8448eb211c80319c\n")
      << "nothing leaves the daemon: there is only the trace of the request";
  const traces::Tracer tracer(0);
  const auto span = tracer.span_of(traced)->own;
  EventLog traced_events(log, tracer);
  traced_events.attempt_stale(traced);
  traced_events.attempt_stale(claim);
  EXPECT_EQ(written(), fmt::format("warn  an attempt ended after its job was no longer its own id=j queue=q "
                                   "attempt=2 trace_id={} span_id={}\n"
                                   "warn  an attempt ended after its job was no longer its own id=j queue=q "
                                   "attempt=2\n",
                                   span.trace_id(), span.span_id()));
}

TEST_F(EventLogTest, SaysThatACircuitOpensAndCloses) {
  using enum domain::CircuitState;
  events.circuit_changed("q", closed, open);
  EXPECT_EQ(written(), "info  circuit opened: the queue starts no jobs for now queue=q\n");
  events.circuit_changed("q", open, half_open);
  EXPECT_EQ(written(), "debug circuit probed queue=q state=half_open\n");
  events.circuit_changed("q", half_open, open);
  EXPECT_EQ(written(), "debug circuit probed queue=q state=open\n");
  events.circuit_changed("q", half_open, closed);
  EXPECT_EQ(written(), "info  circuit closed: the queue starts jobs again queue=q\n");
}

TEST_F(EventLogTest, WarnsOnceThatAQueueSimulates) {
  events.attempt_started(claim);
  EXPECT_EQ(written(), "");
  auto simulated = claim;
  simulated.simulated = true;
  events.attempt_started(simulated);
  EXPECT_EQ(
      written(),
      "warn  this queue only simulates its jobs: no work is done queue=q for_real_work=\"give it a processor "
      "in the CONFIG file, see docs/operations.md#queues\"\n");
  simulated.queue = "r";
  events.attempt_started(simulated);
  EXPECT_EQ(written(), "");
}

TEST_F(EventLogTest, SaysHowAnAttemptEnded) {
  events.attempt_settled(claim, engine::Done{});
  EXPECT_EQ(written(), "debug job done id=j queue=q attempt=2 status=done\n");
  events.attempt_settled(claim, engine::Failed{.reason = domain::Reason::exhausted, .error = "e f"});
  EXPECT_EQ(written(), "") << "FailureLog does";
  events.attempt_settled(claim, engine::Again{.delay = {}, .error = "e"});
  EXPECT_EQ(written(), "debug attempt failed, will be retried id=j queue=q attempt=2 error=e\n");
  events.attempt_settled(claim, engine::Interrupted{});
  EXPECT_EQ(written(), "debug attempt interrupted id=j queue=q attempt=2 status=queued\n");
  events.attempt_settled(claim, engine::Unstarted{.why = "w"});
  EXPECT_EQ(written(),
            "debug attempt could not start, its job is queued again id=j queue=q attempt=2 error=w\n");
}

TEST_F(EventLogTest, SaysOnceThatAShortageBeginsAndOnceThatItIsOver) {
  Log quiet(LogLevel::info, LogFormat::text, clock, pipe.write_end());
  EventLog admin(quiet);
  const auto settle = [&](engine::FencingToken token, const engine::Resolution& resolution) {
    admin.attempt_settled(claim_of("j", token), resolution);
    quiet.drain();
    return written();
  };
  const engine::Unstarted unstarted{.why = "w", .pause = base::milliseconds{1}};
  EXPECT_EQ(settle(3, unstarted), "warn  attempts cannot start: their jobs wait queue=q why=w\n");
  EXPECT_EQ(settle(2, unstarted), "") << "however many there are";
  EXPECT_EQ(settle(1, engine::Done{}), "") << "it started before";
  EXPECT_EQ(settle(4, engine::Unstarted{.why = "its worker left"}), "") << "that proves nothing";
  EXPECT_EQ(settle(5, engine::Done{}), "info  attempts can start again queue=q not_started=2\n");
  EXPECT_EQ(settle(6, engine::Done{}), "");
  EXPECT_EQ(settle(7, unstarted), "warn  attempts cannot start: their jobs wait queue=q why=w\n");
}

TEST_F(EventLogTest, AWorkerThatLeavesIsNoShortage) {
  Log quiet(LogLevel::info, LogFormat::text, clock, pipe.write_end());
  EventLog(quiet).attempt_settled(claim, engine::Unstarted{.why = "its worker left"});
  quiet.drain();
  EXPECT_EQ(written(), "");
}

TEST_F(EventLogTest, WarnsOfAttemptsThatLostTheirJob) {
  events.attempt_stale(claim);
  EXPECT_EQ(written(), "warn  an attempt ended after its job was no longer its own id=j queue=q attempt=2\n");
  events.lease_expired(claim);
  EXPECT_EQ(written(),
            "warn  a lease ran out: its worker did not say in time that it lives id=j queue=q attempt=2 "
            "worker=w\n");
}

TEST_F(EventLogTest, SaysWhatBecomesOfTheStore) {
  events.store_changed("full");
  EXPECT_EQ(written(), "error the store cannot be written: nothing is accepted why=full\n");
  events.store_changed("");
  EXPECT_EQ(written(), "info  the store can be written again\n");
  events.store_lost("fsync");
  EXPECT_EQ(
      written(),
      "error the store failed and nobody knows what it has written: ending, so that a restart finds out "
      "why=fsync\n");
}

TEST_F(EventLogTest, SaysWhatAReloadChanged) {
  events.queue_changed("q", "it is not here");
  EXPECT_EQ(written(), "warn  the queue does not work: its jobs wait queue=q why=\"it is not here\"\n");
  events.queue_changed("q", "");
  EXPECT_EQ(written(), "info  the queue works again queue=q\n");
  events.configuration_changed("queues.q.workers", "");
  EXPECT_EQ(written(), "info  configuration read again changed=queues.q.workers needs_a_restart=nothing\n");
  events.configuration_changed("", "STORE LISTEN");
  EXPECT_EQ(written(), "warn  configuration read again changed=nothing needs_a_restart=\"STORE LISTEN\"\n");
  events.configuration_refused("no");
  EXPECT_EQ(written(), "error the configuration stays as it was why=no\n");
}

TEST_F(EventLogTest, WritesNothingForAnAttemptAboveTheLevel) {
  Log quiet(LogLevel::info, LogFormat::text, clock, pipe.write_end());
  EventLog(quiet).attempt_settled(claim, engine::Done{});
  quiet.drain();
  EXPECT_EQ(written(), "");
}

TEST_F(EventLogTest, CountsLinesThatAPipeDidNotTake) {
  // More than the 4 MiB that are kept.
  const auto long_id = claim_of(std::string(1'000, 'x'));
  for (int i = 0; i < 6'000; ++i) events.attempt_settled(long_id, engine::Done{});
  events.store_changed("");
  const auto text = pipe.read_until("written again\n");
  EXPECT_NE(text.find("\n" + time + "warn  log lines were dropped: standard error did not take them lines="),
            std::string::npos);
}

}  // namespace jobqd::app
