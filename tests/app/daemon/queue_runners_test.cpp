#include "app/daemon/queue_runners.hpp"

#include <array>
#include <atomic>
#include <latch>
#include <stdexcept>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <jobqd/stores/embedded_store.hpp>

#include "app/logging/test_pipe.hpp"
#include "support/caught.hpp"
#include "support/jobs.hpp"
#include "support/manual_clock.hpp"

namespace jobqd::app {

namespace {

using namespace std::chrono_literals;
using support::Caught;

/// Writes down which queues stop working, and why.
class Diary final : public engine::Observer {
 public:
  void queue_changed(std::string_view queue, std::string_view why) override {
    events.push_back(fmt::format("{}: {}", queue, why.empty() ? "works" : why));
  }
  std::vector<std::string> events;
};

using Events = std::vector<std::string>;

/// Counts how often anything looks at it.
class CountedFiles final : public engine::Files {
 public:
  explicit CountedFiles(int& looks) : looks_(looks) {}
  std::vector<std::string> look() override {
    ++looks_;
    return {};
  }

 private:
  int& looks_;
};

/// The result is the text that the queue was configured with. A text of "slow" waits first.
class Says final : public engine::Processor {
 public:
  Says(std::string text, std::latch& begun, std::latch& may_end, int& looks)
      : text_(std::move(text)),
        begun_(begun),
        may_end_(may_end),
        files_(std::make_shared<CountedFiles>(looks)) {}

  engine::Outcome process(const engine::Claim& /*claim*/, std::stop_token /*stop*/) override {
    if (text_ == "slow") {
      begun_.count_down();
      may_end_.wait();
    }
    return engine::Done{.result = text_};
  }

  std::shared_ptr<engine::Files> files() override { return files_; }

 private:
  const std::string text_;
  std::latch& begun_;
  std::latch& may_end_;
  const std::shared_ptr<CountedFiles> files_;
};

class QueueRunnersTest : public testing::Test {
 protected:
  [[nodiscard]] QueueConfig config(std::string name, const std::string& text = "hello") const {
    QueueConfig queue;
    queue.name = std::move(name);
    queue.kind = &kind;
    queue.workers = 1;
    if (!queue.values.set(kind.keys.front(), std::array{text})) throw std::logic_error("not a text");
    return queue;
  }

  void submit(std::string id, std::string queue) {
    auto job = support::new_job(std::move(id));
    job.queue = std::move(queue);
    Caught<std::vector<engine::Submitted>> submitted;
    store->submit({std::move(job)}, submitted.callback());
    ASSERT_TRUE(submitted.result());
  }

  /// The result of the job once it has ended.
  std::string result(std::string_view id) {
    Caught<domain::Job> ended;
    store->watch(id, ended.callback());
    return ended.result().value().result.value_or("none");
  }

  /// The state of a queue.
  engine::QueueState state(std::string_view name) {
    for (auto& queue : store->queues())
      if (queue.name == name) return queue;
    return {};
  }

  std::string lacks;      ///< What this machine lacks.
  bool throws = false;    ///< Whether a processor cannot even be made.
  std::latch begun{1};    ///< A slow job runs.
  std::latch may_end{1};  ///< It may end.
  int looks = 0;          ///< At the files of all processors.
  support::ManualClock clock;
  base::Random random{1};
  Diary diary;
  processors::ProcessorKind kind{
      .name = "says",
      .keys = {{.name = "text", .allowed = "a text", .surroundings_fault = [this](auto) { return lacks; }}},
      .make = [this](const processors::ProcessorContext& context) -> processors::ProcessorKind::Made {
        if (throws) throw std::runtime_error("no more threads");
        std::string text;
        context.values.get("text", text);
        return std::make_unique<Says>(text, begun, may_end, looks);
      }};
  std::unique_ptr<engine::Store> store =
      stores::open_memory_store({.queues = {{}}}, {.clock = clock, .random = random, .observer = diary});
  TestPipe pipe;
  Log log{LogLevel::info, LogFormat::text, clock, pipe.write_end()};
  FileWatch files{log};
  QueueRunners runners{*store, diary, clock, random, files};
};

}  // namespace

TEST_F(QueueRunnersTest, RunTheJobsOfAQueueOnceTheyAreStarted) {
  runners.add(config("q"));
  submit("a", "q");
  EXPECT_EQ(state("q").processor.name, "says");
  EXPECT_EQ(state("q").processor.workers, 1U);
  ASSERT_TRUE(runners.start());
  EXPECT_EQ(result("a"), "\"hello\"");
  EXPECT_EQ(runners.tend(), std::nullopt);
  EXPECT_EQ(diary.events, Events{});
}

TEST_F(QueueRunnersTest, FilesAreLookedAtAsLongAsTheirQueueGoesOn) {
  runners.add(config("q"));
  runners.add(config("r"));
  ASSERT_TRUE(runners.start());
  files.run(clock.now());
  EXPECT_EQ(looks, 2);
  runners.change(config("q", "slow"));
  files.run(clock.now());
  EXPECT_EQ(looks, 4) << "the new processor has files of its own";
  submit("a", "q");
  begun.wait();
  runners.remove("q");
  files.run(clock.now());
  EXPECT_EQ(looks, 5) << "also while a job of the queue still runs";
  may_end.count_down();
}

TEST_F(QueueRunnersTest, AQueueThatLacksSomethingIsTriedAgainEvery30Seconds) {
  lacks = "it is not here";
  runners.add(config("q"));
  ASSERT_TRUE(runners.start());
  submit("a", "q");
  EXPECT_EQ(state("q").processor.fault, "text: it is not here");
  EXPECT_EQ(runners.tend(), 30s);
  lacks.clear();
  clock.advance(29'999ms);
  EXPECT_EQ(runners.tend(), 1ms);
  EXPECT_EQ(state("q").processor.fault, "text: it is not here");
  clock.advance(1ms);
  EXPECT_EQ(runners.tend(), std::nullopt);
  EXPECT_EQ(state("q").processor.fault, "");
  EXPECT_EQ(result("a"), "\"hello\"");
  EXPECT_EQ(diary.events, (Events{"q: text: it is not here", "q: works"}));
}

TEST_F(QueueRunnersTest, AQueueThatGoesOnNotToWorkIsReportedOnce) {
  lacks = "it is not here";
  runners.add(config("q"));
  for (int i = 0; i < 3; ++i) {
    clock.advance(30s);
    EXPECT_EQ(runners.tend(), 30s);
  }
  EXPECT_EQ(diary.events, Events{"q: text: it is not here"});
  lacks = "it cannot be read";
  clock.advance(30s);
  runners.tend();
  EXPECT_EQ(diary.events.back(), "q: text: it cannot be read");
}

TEST_F(QueueRunnersTest, AReloadTriesAQueueAtOnce) {
  lacks = "it is not here";
  runners.add(config("q"));
  ASSERT_TRUE(runners.start());
  lacks.clear();
  runners.change(config("q"));
  submit("a", "q");
  EXPECT_EQ(result("a"), "\"hello\"");
}

TEST_F(QueueRunnersTest, AnExceptionIsAFaultOfItsQueue) {
  throws = true;
  runners.add(config("q"));
  EXPECT_EQ(state("q").processor.fault, "its processor cannot be made: no more threads");
}

TEST_F(QueueRunnersTest, AQueueThatStopsToWorkFinishesWhatRuns) {
  runners.add(config("q", "slow"));
  ASSERT_TRUE(runners.start());
  submit("a", "q");
  begun.wait();
  lacks = "it is not here";
  runners.change(config("q", "other"));
  submit("b", "q");
  EXPECT_EQ(state("q").queued.of(domain::Reason::not_working), 1U);
  may_end.count_down();
  EXPECT_EQ(result("a"), "\"slow\"");
}

TEST_F(QueueRunnersTest, AnotherProcessorTakesOverWhileTheFirstFinishes) {
  runners.add(config("q", "slow"));
  ASSERT_TRUE(runners.start());
  submit("a", "q");
  begun.wait();
  runners.change(config("q", "fast"));
  submit("b", "q");
  EXPECT_EQ(result("b"), "\"fast\"");
  EXPECT_TRUE(runners.tend()) << "workers are leaving";
  may_end.count_down();
  EXPECT_EQ(result("a"), "\"slow\"");
  while (runners.tend()) continue;
}

TEST_F(QueueRunnersTest, AQueueThatIsRemovedStartsNothing) {
  runners.add(config("q", "slow"));
  ASSERT_TRUE(runners.start());
  submit("a", "q");
  begun.wait();
  submit("b", "q");
  runners.remove("q");
  EXPECT_TRUE(runners.queues().empty());
  EXPECT_FALSE(state("q").configured);
  may_end.count_down();
  EXPECT_EQ(result("a"), "\"slow\"");
  EXPECT_EQ(state("q").queued.of(domain::Reason::no_queue), 1U);
  runners.add(config("q", "back"));
  EXPECT_EQ(result("b"), "\"back\"");
}

TEST_F(QueueRunnersTest, WorkersAndRemoteQueuesChange) {
  runners.add(config("q"));
  ASSERT_TRUE(runners.start());
  auto more = config("q");
  more.workers = 3;
  ASSERT_TRUE(runners.grow({more}));
  runners.change(more);
  EXPECT_EQ(state("q").processor.workers, 3U);
  const processors::ProcessorKind remote{.name = "remote"};
  more.kind = &remote;
  more.workers = 0;
  ASSERT_TRUE(runners.grow({more}));
  runners.change(more);
  EXPECT_EQ(state("q").processor.name, "remote");
  Caught<std::vector<engine::Claim>> leased;
  EXPECT_TRUE(store->claim({.queue = "q", .lease = engine::LeaseTerms{}}, leased.callback()));
  runners.change(config("q"));
  EXPECT_FALSE(leased.result());
  submit("a", "q");
  EXPECT_EQ(result("a"), "\"hello\"");
}

}  // namespace jobqd::app
