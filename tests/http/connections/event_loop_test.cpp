#include "http/connections/event_loop.hpp"

#include <atomic>
#include <functional>
#include <future>
#include <optional>
#include <semaphore>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include "support/patience.hpp"

namespace jobqd::http {

namespace {

using engine::CommitStep;

/// Wants a commit after each change(), and commits for as long as a test likes.
class Commits final : public engine::GroupCommit {
 public:
  void start_committing() override { committer_ = std::this_thread::get_id(); }
  void stop_committing() override { committer_ = std::thread::id(); }
  CommitStep next_commit() override {
    EXPECT_EQ(committer_.load(), std::this_thread::get_id());
    if (soon_-- > 0) return CommitStep::soon;
    return changed_.exchange(false) ? CommitStep::now : CommitStep::none;
  }
  void commit() override {
    const auto hold = held_.exchange(false);
    if (!hold) return committed_.release();
    out_.set_value();
    back_.get_future().wait();
    committed_.release();
  }

  /// To be called by a handler. The commit is wanted after so many answers that it is wanted soon.
  void change(int soon = 0) {
    soon_ = soon;
    changed_ = true;
  }
  void hold_next() { held_ = true; }
  void wait_until_out() { ASSERT_EQ(out_future_.wait_for(support::patience), std::future_status::ready); }
  void let_go() { back_.set_value(); }
  bool wait_for_commit() { return committed_.try_acquire_for(support::patience); }
  bool has_committed() { return committed_.try_acquire(); }
  [[nodiscard]] bool has_committer() const { return committer_.load() != std::thread::id(); }

 private:
  std::atomic<std::thread::id> committer_;
  std::atomic<bool> changed_ = false;
  std::atomic<int> soon_ = 0;
  std::atomic<bool> held_ = false;
  std::promise<void> out_;
  std::future<void> out_future_ = out_.get_future();
  std::promise<void> back_;
  std::counting_semaphore<> committed_{0};
};

class EventLoopTest : public testing::Test {
 protected:
  /// Runs on the loop, and returns once it has run. false: it did not in time.
  bool run(std::function<void()> action) {
    std::promise<void> done;
    auto future = done.get_future();
    boost::asio::post(loop.context(), [&] {
      action();
      done.set_value();
    });
    return future.wait_for(support::patience) == std::future_status::ready;
  }
  /// Returns while a commit is out.
  void hold_a_commit() {
    commits.hold_next();
    ASSERT_TRUE(run([&] { commits.change(); }));
    commits.wait_until_out();
  }
  void end() {
    work.reset();
    loop.join();
  }

  Commits commits;
  base::SystemClock clock;
  EventLoop loop{commits, clock};
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work{
      boost::asio::make_work_guard(loop.context())};
};

}  // namespace

TEST_F(EventLoopTest, RunsHandlersAndEndsWhenThereIsNoMoreWork) {
  loop.start();
  EXPECT_TRUE(run([] {}));
  EXPECT_TRUE(commits.has_committer());
  end();
  EXPECT_FALSE(commits.has_committer());
}

TEST_F(EventLoopTest, CommitsWhatAHandlerHasChanged) {
  loop.start();
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(run([&] { commits.change(); }));
    ASSERT_TRUE(commits.wait_for_commit());
  }
  end();
}

TEST_F(EventLoopTest, RunsHandlersBetweenTwoLooksAtACommitThatIsToComeSoon) {
  loop.start();
  ASSERT_TRUE(run([&] { commits.change(1'000'000); }));
  EXPECT_TRUE(run([&] { commits.change(0); }));
  EXPECT_TRUE(commits.wait_for_commit());
  end();
}

TEST_F(EventLoopTest, CommitsEvenIfThereIsAlwaysAHandlerThatIsReady) {
  loop.start();
  std::atomic<bool> stopped = false;
  std::function<void()> again = [&] {
    if (!stopped) boost::asio::post(loop.context(), again);
  };
  ASSERT_TRUE(run(again));
  ASSERT_TRUE(run([&] { commits.change(); }));
  EXPECT_TRUE(commits.wait_for_commit());
  stopped = true;
  end();
}

TEST_F(EventLoopTest, SlowHandlersThatAreAlwaysReadyDoNotPutACommitOff) {
  loop.start();
  std::atomic<bool> stopped = false;
  std::atomic<int> handlers = 0;
  std::function<void()> again = [&] {
    ++handlers;
    for (const auto until = clock.now().steady + base::milliseconds{1}; clock.now().steady < until;) {
    }
    if (!stopped) boost::asio::post(loop.context(), again);
  };
  ASSERT_TRUE(run(again));
  ASSERT_TRUE(run([&] {
    handlers = 0;
    commits.change();
  }));
  EXPECT_TRUE(commits.wait_for_commit());
  EXPECT_LT(handlers, 100);
  stopped = true;
  end();
}

TEST_F(EventLoopTest, HandlersRunWhileACommitIsOut) {
  loop.start();
  hold_a_commit();
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(run([] {}));
  EXPECT_FALSE(commits.has_committed());
  commits.let_go();
  EXPECT_TRUE(commits.wait_for_commit());
  ASSERT_TRUE(run([&] { commits.change(); }));
  EXPECT_TRUE(commits.wait_for_commit());
  end();
}

TEST_F(EventLoopTest, HandlersNeverRunOnTwoThreadsAtOnce) {
  loop.start();
  std::atomic<int> running = 0;
  const auto alone = [&] {
    EXPECT_EQ(++running, 1);
    std::this_thread::yield();
    --running;
  };
  hold_a_commit();
  std::jthread others([&] {
    for (int i = 0; i < 2'000; ++i) boost::asio::post(loop.context(), alone);
  });
  commits.let_go();
  for (int i = 0; i < 2'000; ++i) boost::asio::post(loop.context(), alone);
  others.join();
  EXPECT_TRUE(run(alone));
  end();
}

TEST_F(EventLoopTest, EndsWhileACommitIsOut) {
  loop.start();
  hold_a_commit();
  EXPECT_TRUE(run([] {}));
  work.reset();
  while (!loop.context().stopped()) std::this_thread::yield();
  commits.let_go();
  loop.join();
  EXPECT_FALSE(commits.has_committer());
}

}  // namespace jobqd::http
