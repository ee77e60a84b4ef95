#include <jobqd/base/small_file.hpp>

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/temporary_folder.hpp"

namespace jobqd::base {

namespace {

class SmallFile : public testing::Test {
 protected:
  [[nodiscard]] std::string path(std::string_view name) const { return (folder_ / name).string(); }

  std::string write(std::string_view name, std::string_view text) {
    std::ofstream(path(name)) << text;
    return path(name);
  }

 private:
  support::TemporaryFolder folder_;
};

}  // namespace

TEST_F(SmallFile, IsReadUpToItsLimit) {
  const std::string text(10'000, 'x');
  EXPECT_EQ(read_small_file(write("a", text), 10'000), text);
  EXPECT_EQ(read_small_file(write("b", text + "x"), 10'000).error(), "it is larger than 10000B");
  EXPECT_EQ(read_small_file(write("empty", ""), 0), "");
  EXPECT_NE(read_small_file("/proc/self/status", 1'000'000).value(), "") << "its size is given as 0";
}

TEST_F(SmallFile, MayBeReachedByALink) {
  write("data", "content");
  std::filesystem::create_symlink("data", path("link"));
  EXPECT_EQ(read_small_file(path("link"), 100), "content");
}

TEST_F(SmallFile, IsNothingElseThanAFile) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  EXPECT_EQ(read_small_file(path("fifo"), 100).error(), "it is not a file")
      << "and nobody waits for a writer";
  EXPECT_EQ(read_small_file("/dev/zero", 100).error(), "it is not a file");
  EXPECT_EQ(read_small_file("/", 100).error(), "Is a directory");
  EXPECT_EQ(read_small_file(path("nowhere"), 100).error(), "No such file or directory");
}

}  // namespace jobqd::base
