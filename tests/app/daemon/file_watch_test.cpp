#include "app/daemon/file_watch.hpp"

#include <utility>

#include <gtest/gtest.h>

#include "app/logging/test_pipe.hpp"

namespace jobqd::app {

namespace {

using base::milliseconds;

class FakeFiles final : public engine::Files {
 public:
  std::vector<std::string> look() override {
    ++looks;
    return std::exchange(news, {});
  }
  int looks = 0;
  std::vector<std::string> news = {};
};

class FileWatchTest : public testing::Test {
 protected:
  std::string written() {
    log.drain();
    return pipe.read_what_is_there();
  }

  const base::SystemClock clock;
  TestPipe pipe;
  Log log{LogLevel::info, LogFormat::text, clock, pipe.write_end()};
  FileWatch watch{log};
  const base::Now now = clock.now();
};

}  // namespace

TEST_F(FileWatchTest, LooksWheneverItRunsAndEveryTenSeconds) {
  const auto files = std::make_shared<FakeFiles>();
  watch.add("mail", files);
  watch.add("without", nullptr);
  EXPECT_EQ(watch.run(now), now.steady + milliseconds{10'000});
  EXPECT_EQ(files->looks, 1);
  watch.run(now);
  EXPECT_EQ(files->looks, 2);
  EXPECT_EQ(written(), "");
}

TEST_F(FileWatchTest, LogsWhatIsWrong) {
  const auto files = std::make_shared<FakeFiles>();
  files->news = {"one", "two"};
  watch.add("mail", files);
  watch.run(now);
  const auto text = written();
  for (const auto* line : {"warn  a file of a queue is not as it should be queue=mail why=one\n",
                           "warn  a file of a queue is not as it should be queue=mail why=two\n"})
    EXPECT_TRUE(text.contains(line)) << text;
}

TEST_F(FileWatchTest, LooksNoLongerAtFilesThatWereRemoved) {
  const auto gone = std::make_shared<FakeFiles>();
  const auto kept = std::make_shared<FakeFiles>();
  watch.add("mail", gone);
  watch.add("mail", kept);
  watch.remove(gone);
  watch.remove(nullptr);
  watch.run(now);
  EXPECT_EQ(gone->looks, 0);
  EXPECT_EQ(kept->looks, 1);
}

TEST_F(FileWatchTest, ForgetsFilesThatNobodyElseOwns) {
  auto files = std::make_shared<FakeFiles>();
  const std::weak_ptr<FakeFiles> seen = files;
  watch.add("mail", files);
  files.reset();
  EXPECT_TRUE(seen.expired());
  watch.run(now);
}

}  // namespace jobqd::app
