#include "http/bodies/scale.hpp"

#include <gtest/gtest.h>

namespace jobqd::http {

namespace {

using namespace std::chrono_literals;
using domain::Reason;
using domain::Status;

engine::QueueState queue_with(std::uint64_t ready, std::uint64_t running = 0) {
  engine::QueueState queue;
  queue.queued.of(Reason::ready) = ready;
  queue.counts.by_status.at(static_cast<std::size_t>(Status::running)) = running;
  return queue;
}

}  // namespace

TEST(Scale, DemandsWhatWorkersRunOrWouldRun) {
  engine::QueueState queue = queue_with(1, 20);
  queue.queued.of(Reason::no_worker) = 300;
  queue.queued.of(Reason::throttled) = 4'000;
  queue.queued.of(Reason::delayed) = 50'000;
  queue.queued.of(Reason::paused) = 600'000;
  EXPECT_EQ(scale_of(queue, {}).demand, 4'321U);
}

TEST(Scale, DemandsAWorkerForTheFirstJobOfARemoteQueue) {
  engine::QueueState queue;
  queue.queued.of(Reason::no_worker) = 1;
  EXPECT_EQ(scale_of(queue, 30s).demand, 1U);
  EXPECT_EQ(scale_of(queue, 30s).workers_needed, 1U) << "although no run time is known";
}

TEST(Scale, NeedsNoWorkersForNothing) {
  EXPECT_EQ(scale_of({}, 30s).workers_needed, 0U);
  EXPECT_EQ(scale_of({}, {}).workers_needed, std::nullopt);
}

TEST(Scale, NeedsWorkersForWhatIsReadyAndForWhatComes) {
  auto queue = queue_with(60);
  queue.run_time = 2s;
  EXPECT_EQ(scale_of(queue, 30s).workers_needed, 4U) << "60 jobs of 2 s within 30 s";
  EXPECT_EQ(scale_of(queue, 1s).workers_needed, 120U);
  queue.last_minute.enqueued = 90;
  EXPECT_EQ(scale_of(queue, 30s).workers_needed, 7U) << "and 1.5 a second that come";
  queue.last_minute.enqueued = 91;
  EXPECT_EQ(scale_of(queue, 30s).workers_needed, 8U) << "rounded up";
}

TEST(Scale, NeedsOneWorkerForLittleWork) {
  auto queue = queue_with(1);
  queue.run_time = 1ms;
  EXPECT_EQ(scale_of(queue, 30s).workers_needed, 1U);
}

TEST(Scale, ShowsHowLongTheFirstJobHasBeenDue) {
  engine::QueueState queue;
  queue.due_since = 12'500ms;
  EXPECT_EQ(scale_of(queue, {}).oldest_ready, 12'500ms);
}

}  // namespace jobqd::http
