#include "app/logging/line_writer.hpp"

#include <array>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <memory>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "app/logging/test_pipe.hpp"

namespace jobqd::app {

namespace {

using namespace std::chrono_literals;

const base::SystemClock system_clock;
constexpr base::WallTime noon{12h};

/// A writer that gives up after 20 ms, for what cannot be written.
LineWriter::Options impatient(int descriptor) {
  return {
      .descriptor = descriptor, .max_bytes = 64UL * 1024, .drain = 20ms, .gap_line = [](auto, auto missing) {
        return "missing " + std::to_string(missing);
      }};
}

/// A writer that waits as long as a test does, for what has to be written.
LineWriter::Options patient(int descriptor) {
  auto options = impatient(descriptor);
  options.drain = support::patience;
  return options;
}

void push(LineWriter& writer, const std::string& line, LineRank rank = LineRank::ordinary) {
  writer.push(rank, noon, line);
}

std::vector<std::string> split(const std::string& text) {
  std::istringstream from(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(from, line);) lines.push_back(line);
  return lines;
}

int number_at(std::string_view text) {
  int number = -1;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// A line that fills a pipe of one page alone.
const std::string page(4095, 'x');

}  // namespace

TEST(LineWriter, WritesWholeLinesInOrder) {
  TestPipe pipe;
  LineWriter writer(patient(pipe.write_end()), system_clock);
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    push(writer, "line " + std::to_string(i), i % 2 == 0 ? LineRank::ordinary : LineRank::admin);
    expected += "line " + std::to_string(i) + "\n";
  }
  EXPECT_EQ(pipe.read_until("line 99\n"), expected);
  EXPECT_TRUE(writer.drain());
}

TEST(LineWriter, IsDrainedWhenItIsDestroyed) {
  TestPipe pipe;
  {
    LineWriter writer(patient(pipe.write_end()), system_clock);
    for (int i = 0; i < 100; ++i) push(writer, "line");
  }
  EXPECT_EQ(split(pipe.read_what_is_there()).size(), 100U);
}

TEST(LineWriter, WritesALineLongerThanAPipe) {
  TestPipe pipe;
  LineWriter writer(patient(pipe.write_end()), system_clock);
  push(writer, page + page + page);
  push(writer, "end");
  EXPECT_EQ(pipe.read_until("end\n"), page + page + page + "\nend\n");
}

TEST(LineWriter, NobodyWaitsForAPipeThatIsNotReadAndTheGapIsCounted) {
  TestPipe pipe;
  auto writer = std::make_unique<LineWriter>(impatient(pipe.write_end()), system_clock);
  constexpr int pushed = 10'000;
  // Without a thread of its own this would never return.
  for (int i = 0; i < pushed; ++i) push(*writer, std::to_string(i) + std::string(100, ' '));
  EXPECT_FALSE(writer->drain());
  push(*writer, "end", LineRank::admin);
  const auto lines = split(pipe.read_until("end\n"));
  int seen = 0;
  int missing = 0;
  int last = -1;
  for (const auto& line : lines) {
    if (line == "end") continue;
    if (line.starts_with("missing ")) {
      missing += number_at(line.substr(8));
      continue;
    }
    ++seen;
    EXPECT_GT(number_at(line), last);
    last = number_at(line);
  }
  EXPECT_EQ(seen + missing, pushed);
  EXPECT_GT(missing, 0);
}

TEST(LineWriter, KeepsAdminLinesWhileOrdinaryOnesAreDropped) {
  TestPipe pipe;
  LineWriter writer(impatient(pipe.write_end()), system_clock);
  push(writer, "first", LineRank::admin);
  for (int i = 0; i < 10'000; ++i) push(writer, "ordinary");
  push(writer, "second", LineRank::admin);
  for (int i = 0; i < 10'000; ++i) push(writer, "ordinary");
  push(writer, "end", LineRank::admin);
  const auto lines = split(pipe.read_until("end\n"));
  EXPECT_THAT(lines, testing::IsSupersetOf({"first", "second", "end"}));
}

TEST(LineWriter, GivesUpOrdinaryLinesToWriteAdminLinesBeforeTheEnd) {
  TestPipe pipe;
  auto options = impatient(pipe.write_end());
  options.max_bytes = 64UL * 1024 * 1024;
  LineWriter writer(std::move(options), system_clock);
  for (int i = 0; i < 100'000; ++i) push(writer, "ordinary");
  push(writer, "stopped", LineRank::admin);
  EXPECT_FALSE(writer.drain());  // The pipe is full.
  const auto lines = split(pipe.read_until("stopped\n"));
  EXPECT_LT(lines.size(), 2'000U) << "what the pipe and the writer held, and no more";
}

TEST(LineWriter, LeavesAThreadBehindThatHangs) {
  TestPipe pipe;
  {
    LineWriter writer(impatient(pipe.write_end()), system_clock);
    for (int i = 0; i < 10; ++i) push(writer, page);
  }  // Without giving up, this would never return.
  EXPECT_EQ(pipe.read_until("\n"), page + "\n") << "the pipe was full";
}

TEST(LineWriter, GoesOnWhenTheReaderHasGone) {
  TestPipe pipe;
  LineWriter writer(patient(pipe.write_end()), system_clock);
  pipe.close_read_end();
  for (int i = 0; i < 10; ++i) {
    push(writer, "line");
    EXPECT_TRUE(writer.drain()) << "dropped, not waited for";
  }
}

TEST(LineWriter, CountsWhatAFullDiskDidNotTakeAndGoesOnWhenThereIsRoom) {
  TestPipe pipe;
  const int descriptor = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(descriptor, 0);
  {
    LineWriter writer(patient(descriptor), system_clock);
    for (int i = 0; i < 3; ++i) push(writer, "lost");
    ASSERT_TRUE(writer.drain());
    push(writer, "lost");
    ASSERT_TRUE(writer.drain());
    ASSERT_EQ(::dup2(pipe.write_end(), descriptor), descriptor);
    push(writer, "line");
    EXPECT_EQ(pipe.read_until("line\n"), "missing 4\nline\n");
    push(writer, "next");
    EXPECT_EQ(pipe.read_until("next\n"), "next\n");
  }
  ::close(descriptor);
}

TEST(LineWriter, EndsALineThatCouldBeWrittenInPartOnly) {
  std::unique_ptr<FILE, int (*)(FILE*)> file(std::tmpfile(), &std::fclose);
  ASSERT_TRUE(file);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 15;
  {
    LineWriter writer(patient(::fileno(file.get())), system_clock);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    push(writer, "0123456789");
    EXPECT_TRUE(writer.drain());
    push(writer, "abcdefghij");
    EXPECT_TRUE(writer.drain());
    push(writer, "lost");
    EXPECT_TRUE(writer.drain());
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    push(writer, "line");
  }
  std::signal(SIGXFSZ, old_handler);
  std::array<char, 100> text{};
  const auto size = ::pread(::fileno(file.get()), text.data(), text.size(), 0);
  ASSERT_GE(size, 0);
  EXPECT_EQ(std::string_view(text.data(), static_cast<std::size_t>(size)),
            "0123456789\nabcd\nmissing 2\nline\n");
}

TEST(LineWriter, WaitsForADescriptorThatIsNonBlocking) {
  TestPipe pipe;
  ASSERT_EQ(::fcntl(pipe.write_end(), F_SETFL, O_NONBLOCK), 0);
  LineWriter writer(patient(pipe.write_end()), system_clock);
  std::string expected;
  for (int i = 0; i < 10; ++i) {
    push(writer, page);
    expected += page + "\n";
  }
  push(writer, "end");
  EXPECT_EQ(pipe.read_until("end\n"), expected + "end\n");
}

TEST(LineWriter, TakesLinesFromManyThreads) {
  TestPipe pipe;
  LineWriter writer(patient(pipe.write_end()), system_clock);
  std::string text;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread)
      threads.emplace_back([&writer, thread] {
        for (int i = 0; i < 50; ++i) push(writer, std::to_string(thread) + " " + std::to_string(i));
      });
  }
  push(writer, "end");
  const auto lines = split(pipe.read_until("end\n"));
  EXPECT_EQ(lines.size(), 201U);
  std::array<int, 4> next{};
  for (const auto& line : lines)
    if (line != "end") {
      const auto thread = static_cast<std::size_t>(line[0] - '0');
      EXPECT_EQ(line.substr(2), std::to_string(next.at(thread)++));
    }
}

}  // namespace jobqd::app
