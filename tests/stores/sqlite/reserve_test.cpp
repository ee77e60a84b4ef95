// The room on the disk that is kept for removals.

#include "stores/sqlite/reserve.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/temporary_folder.hpp"

namespace jobqd::stores::sqlite {

namespace {

namespace fs = std::filesystem;

class ReserveTest : public testing::Test {
 protected:
  [[nodiscard]] std::string database() const { return (folder.path() / "jobs.db").string(); }
  [[nodiscard]] std::uint64_t allocated() const {
    struct stat found{};
    return ::stat(file.c_str(), &found) == 0 ? static_cast<std::uint64_t>(found.st_blocks) * 512 : 0;
  }

  support::TemporaryFolder folder;
  fs::path file = folder.path() / "jobs.db-reserve";
};

}  // namespace

TEST_F(ReserveTest, HoldsAMebibyteUntilItIsGivenUp) {
  Reserve reserve(database());
  EXPECT_FALSE(reserve.give_up()) << "there is none yet";
  ASSERT_TRUE(reserve.take());
  EXPECT_GE(allocated(), Reserve::bytes);
  EXPECT_TRUE(reserve.take()) << "it is there";
  EXPECT_TRUE(reserve.give_up());
  EXPECT_FALSE(reserve.held());
  EXPECT_FALSE(fs::exists(file));
}

TEST_F(ReserveTest, LeavesNoFileBehind) {
  EXPECT_TRUE(Reserve(database()).take());
  EXPECT_FALSE(fs::exists(file));
}

TEST_F(ReserveTest, GoesOnWithWhatACrashHasLeft) {
  std::ofstream(file) << std::string(Reserve::bytes, '\0');
  Reserve reserve(database());
  EXPECT_TRUE(reserve.is_left());
  EXPECT_TRUE(reserve.take());
  EXPECT_TRUE(reserve.give_up());
  EXPECT_FALSE(reserve.is_left());
}

TEST_F(ReserveTest, LeavesAFileAloneThatIsSomethingElse) {
  std::ofstream(file) << "mine";
  {
    Reserve reserve(database());
    EXPECT_FALSE(reserve.is_left());
    EXPECT_FALSE(reserve.take());
  }
  EXPECT_EQ(fs::file_size(file), 4U);
  fs::remove(file);
  fs::create_symlink(folder.path() / "target", file);
  EXPECT_FALSE(Reserve(database()).take());
  EXPECT_FALSE(fs::exists(folder.path() / "target"));
  EXPECT_TRUE(fs::is_symlink(file));
}

TEST_F(ReserveTest, IsNoneWhereNoFileCanBe) {
  EXPECT_FALSE(Reserve((folder.path() / "nowhere" / "jobs.db").string()).take());
}

}  // namespace jobqd::stores::sqlite
