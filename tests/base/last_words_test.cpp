#include <jobqd/base/last_words.hpp>

#include <csignal>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <jobqd/base/check.hpp>

namespace jobqd::base {

namespace {

/// Makes standard error a pipe that is full and that nobody reads.
void fill_standard_error() {
  int ends[2];
  if (::pipe(ends) != 0 || ::fcntl(ends[1], F_SETPIPE_SZ, 4096) != 4096) ::_exit(99);
  const std::string page(4096, 'x');
  if (::write(ends[1], page.data(), page.size()) != 4096 || ::dup2(ends[1], STDERR_FILENO) < 0) ::_exit(99);
}

}  // namespace

TEST(LastWordsDeathTest, AreWritten) {
  const std::string text(20'000, 'x');
  EXPECT_EXIT((write_last_words(text + " the end"), ::_exit(3)), testing::ExitedWithCode(3), "x the end$");
}

TEST(LastWordsDeathTest, AreLostWhereNobodyReads) {
  EXPECT_EXIT((fill_standard_error(), write_last_words("text"), ::_exit(3)), testing::ExitedWithCode(3), "");
}

TEST(LastWordsDeathTest, AreLostWhereThereIsNoStandardError) {
  EXPECT_EXIT((::close(STDERR_FILENO), write_last_words("text"), ::_exit(3)), testing::ExitedWithCode(3), "");
}

TEST(LastWordsDeathTest, DoNotHoldUpAnAbort) {
  EXPECT_EXIT((fill_standard_error(), check_failed("a == b", "c.cpp", 1)), testing::KilledBySignal(SIGABRT),
              "");
}

}  // namespace jobqd::base
