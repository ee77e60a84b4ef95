#include "app/settings/memory_budget.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include <jobqd/base/size.hpp>

#include "support/temporary_folder.hpp"

namespace jobqd::app {

namespace {

/// A folder that is taken for the root of the file system.
class UsableMemory : public testing::Test {
 protected:
  void write(const std::string& path, const std::string& content) {
    const auto file = root.path() / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << content;
  }
  [[nodiscard]] std::optional<std::size_t> usable() const { return usable_memory(root.path().string()); }

  support::TemporaryFolder root;
};

constexpr auto meminfo = "MemTotal:       16000000 kB\nMemFree:         1000000 kB\n";
constexpr std::size_t machine = 16'000'000 * base::kib;

}  // namespace

TEST_F(UsableMemory, IsUnknownWithoutFiles) {
  EXPECT_EQ(usable(), std::nullopt);
}

TEST_F(UsableMemory, IsThatOfTheMachineWithoutALimit) {
  write("proc/meminfo", meminfo);
  EXPECT_EQ(usable(), machine);
  write("proc/self/cgroup", "0::/\n");
  write("sys/fs/cgroup/memory.max", "max\n");
  EXPECT_EQ(usable(), machine);
}

TEST_F(UsableMemory, IsTheLeastLimitOfACgroupAndThoseAboveIt) {
  write("proc/meminfo", meminfo);
  write("proc/self/cgroup", "0::/system.slice/jobqd.service\n");
  write("sys/fs/cgroup/system.slice/jobqd.service/memory.max", "max\n");
  write("sys/fs/cgroup/system.slice/memory.max", "3000000\n");
  EXPECT_EQ(usable(), 3'000'000U);
  write("sys/fs/cgroup/system.slice/jobqd.service/memory.max", "2000000\n");
  EXPECT_EQ(usable(), 2'000'000U);
}

TEST_F(UsableMemory, IsTheLimitOfAContainerWhoseCgroupIsTheTop) {
  write("proc/self/cgroup", "0::/\n");
  write("sys/fs/cgroup/memory.max", "536870912\n");
  EXPECT_EQ(usable(), 512 * base::mib);
}

TEST_F(UsableMemory, IsTheLimitOfVersionOneToo) {
  write("proc/meminfo", meminfo);
  write("proc/self/cgroup", "9:cpu,cpuacct:/a\n4:hugetlb,memory:/docker/b\n0::/a\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  write("sys/fs/cgroup/memory/docker/b/memory.limit_in_bytes", "1000000\n");
  EXPECT_EQ(usable(), 1'000'000U);
}

TEST_F(UsableMemory, SkipsWhatItCannotRead) {
  write("proc/meminfo", "MemTotal: much\n");
  write("proc/self/cgroup", "\n:\nnonsense\n0::\n0::relative\n");
  write("sys/fs/cgroup/memory.max", "12 apples\n");
  EXPECT_EQ(usable(), std::nullopt);
}

TEST(AutomaticMemoryBudget, IsAQuarterOfTheMemoryWithinBounds) {
  EXPECT_EQ(automatic_memory_budget(2 * base::gib), 512 * base::mib);
  EXPECT_EQ(automatic_memory_budget(64 * base::gib), base::gib);
  EXPECT_EQ(automatic_memory_budget(1), 64 * base::kib);
  EXPECT_EQ(automatic_memory_budget(std::nullopt), 256 * base::mib);
}

}  // namespace jobqd::app
