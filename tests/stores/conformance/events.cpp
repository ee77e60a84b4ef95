// What a store reports to its observer, apart from attempts.

#include "stores/conformance/conformance.hpp"

namespace jobqd::stores {

namespace {

using std::chrono::seconds;

using support::new_job;

using Events = std::vector<std::string>;

}  // namespace

TEST_P(StoreConformance, ReportsNewJobsOncePerQueue) {
  submit({new_job("a"), new_mail("b"), new_job("c")}).value();
  EXPECT_EQ(diary.take(), (Events{"submitted 2 to default", "submitted 1 to mail"}));
}

TEST_P(StoreConformance, DoesNotReportARepeatAsNew) {
  submit(new_job("a")).value();
  (void)diary.take();
  submit(new_job("a")).value();
  EXPECT_EQ(diary.take(), Events{});
  submit({new_job("a"), new_job("b")}).value();
  EXPECT_EQ(diary.take(), Events{"submitted 1 to default"});
}

TEST_P(StoreConformance, ReportsWhatItRefusesAndTheQueueThatCausedIt) {
  submit({new_mail("a"), new_mail("b")}).value();
  (void)diary.take();
  EXPECT_FALSE(submit(new_mail("c")));
  EXPECT_FALSE(submit({.id = "a", .queue = "mail", .payload = "2"}));
  EXPECT_FALSE(submit({.id = "d", .queue = "nowhere", .payload = "1"}));
  store->stop_admission();
  EXPECT_FALSE(submit(new_job("e")));
  EXPECT_EQ(diary.take(), (Events{"refused by mail: queue-full", "refused by mail: id-conflict",
                                  "refused by no queue: queue-not-found", "refused by no queue: draining"}));
}

TEST_P(StoreConformance, ReportsEveryChangeOfACircuit) {
  auto with_circuit = options();
  with_circuit.queues.front().circuit = {.failures = 1, .wait = seconds{30}};
  open(with_circuit);
  submit({new_job("a"), new_job("b"), new_job("c")}).value();
  (void)diary.take();
  const auto first = claim();
  const auto second = claim();
  support::settle(*store, first, engine::Retry{"down"});
  EXPECT_EQ(diary.take(), Events{"circuit of default: closed to open"});
  support::settle(*store, second, engine::Retry{"down"});
  EXPECT_EQ(diary.take(), Events{}) << "it was open already";
  advance(seconds{30});
  const auto probe = claim();
  EXPECT_EQ(diary.take(), Events{"circuit of default: open to half_open"});
  support::settle(*store, probe, engine::Done{});
  EXPECT_EQ(diary.take(), Events{"circuit of default: half_open to closed"});
}

TEST_P(StoreConformance, ReportsACircuitThatTheConfigurationCloses) {
  auto with_circuit = options();
  with_circuit.queues.front().circuit = {.failures = 1, .wait = seconds{30}};
  open(with_circuit);
  finish("a", engine::Retry{"down"});
  (void)diary.take();
  store->configure(options().queues.front());
  EXPECT_EQ(diary.take(), Events{"circuit of default: open to closed"});
}

}  // namespace jobqd::stores
