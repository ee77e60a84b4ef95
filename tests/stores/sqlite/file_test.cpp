// The sqlite store on a real file: opening it, what may happen to it while it is in use, and its tools.

#include <sys/file.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <jobqd/stores/embedded_store.hpp>
#include <jobqd/stores/sqlite_tools.hpp>

#include "stores/sqlite/schema.hpp"
#include "support/attempts.hpp"
#include "support/caught.hpp"
#include "support/jobs.hpp"
#include "support/manual_clock.hpp"
#include "support/temporary_folder.hpp"

namespace jobqd::stores {

namespace {

namespace fs = std::filesystem;
using domain::ErrorCode;
using domain::Status;
using support::new_job;
using support::result_of;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class SqliteFile : public testing::Test {
 protected:
  std::expected<void, std::string> open() {
    auto result =
        open_sqlite_store(path.string(), {}, {.clock = clock, .random = random, .observer = observer});
    if (!result) return std::unexpected(result.error());
    opened = *std::move(result);
    return {};
  }
  void must_open() {
    if (const auto result = open(); !result) throw std::runtime_error(result.error());
  }
  void close() { opened.store.reset(); }
  [[nodiscard]] std::optional<ErrorCode> submit(std::string id) {
    const auto answer = result_of<std::vector<engine::Submitted>>(
        [&](auto done) { opened.store->submit({new_job(std::move(id))}, std::move(done)); });
    return answer ? std::nullopt : std::optional(answer.error().code);
  }
  [[nodiscard]] bool knows(std::string_view id) {
    return result_of<domain::Job>([&](auto done) { opened.store->find(id, std::move(done)); }).has_value();
  }
  void expect_refused_because(const std::string& why) {
    for (const auto* id : {"b", "c"}) EXPECT_EQ(submit(id), ErrorCode::store_unavailable);
    EXPECT_THAT(opened.store->trouble(), HasSubstr(why));
  }

  support::ManualClock clock;
  base::Random random{1};
  engine::Observer observer;
  const support::TemporaryFolder folder;
  fs::path path = folder / "jobs.db";
  OpenedStore opened;
};

}  // namespace

TEST_F(SqliteFile, IsMadeForItsOwnerOnly) {
  must_open();
  EXPECT_EQ(submit("a"), std::nullopt);
  for (const auto& entry : fs::directory_iterator(folder.path()))
    EXPECT_EQ(entry.status().permissions() & (fs::perms::group_all | fs::perms::others_all), fs::perms::none)
        << entry.path();
}

TEST_F(SqliteFile, ASecondDaemonIsRefused) {
  must_open();
  EXPECT_EQ(submit("a"), std::nullopt);
  const auto second =
      open_sqlite_store(path.string(), {}, {.clock = clock, .random = random, .observer = observer});
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error(), AllOf(HasSubstr(path.string()), HasSubstr("another jobqd is running on it")));
  EXPECT_EQ(submit("b"), std::nullopt);
}

TEST_F(SqliteFile, TheLockEndsWithItsHolder) {
  const int other = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_EQ(::flock(other, LOCK_EX | LOCK_NB), 0);
  EXPECT_FALSE(open());
  ::close(other);
  EXPECT_TRUE(open());
}

TEST_F(SqliteFile, ASymbolicLinkIsRefused) {
  fs::create_symlink(folder / "elsewhere.db", path);
  EXPECT_THAT(open().error(), HasSubstr("symbolic link"));
  EXPECT_FALSE(fs::exists(folder / "elsewhere.db"));
}

TEST_F(SqliteFile, AHardLinkIsRefused) {
  must_open();
  EXPECT_EQ(submit("a"), std::nullopt);
  close();
  fs::create_hard_link(path, folder / "second.db");
  EXPECT_THAT(open().error(), HasSubstr("hard link"));
  fs::remove(folder / "second.db");
  must_open();
  EXPECT_TRUE(knows("a"));
}

TEST_F(SqliteFile, ANameIsNeverReadAsAUri) {
  const auto before = fs::current_path();
  fs::current_path(folder.path());
  for (const auto* name : {"file:jobs.db", "file:jobs.db?mode=memory", ":memory:", "a b%20c?d#e"}) {
    path = name;
    must_open();
    EXPECT_EQ(submit("a"), std::nullopt);
    close();
    EXPECT_GT(fs::file_size(folder / name), 0U) << name;
    must_open();
    EXPECT_TRUE(knows("a")) << name;
    close();
  }
  fs::current_path(before);
}

TEST_F(SqliteFile, AFolderThatIsNotThereIsRefused) {
  path = folder / "nowhere" / "jobs.db";
  EXPECT_THAT(open().error(), AllOf(HasSubstr(path.string()), HasSubstr("No such file or directory")));
}

TEST_F(SqliteFile, AFolderIsNoFile) {
  fs::create_directory(path);
  EXPECT_FALSE(open());
}

// --- in use -----------------------------------------------------------------------------------------

TEST_F(SqliteFile, NothingIsAcceptedOnceTheDatabaseIsDeleted) {
  must_open();
  EXPECT_EQ(submit("a"), std::nullopt);
  fs::remove(path);
  expect_refused_because("jobs.db was deleted or replaced");
}

TEST_F(SqliteFile, NothingIsAcceptedOnceTheLogIsDeleted) {
  must_open();
  EXPECT_EQ(submit("a"), std::nullopt);
  fs::remove(path.string() + "-wal");
  expect_refused_because("jobs.db-wal was deleted or replaced");
}

TEST_F(SqliteFile, NothingIsAcceptedOnceTheLogIsReplaced) {
  must_open();
  EXPECT_EQ(submit("a"), std::nullopt);
  fs::copy_file(path.string() + "-wal", folder / "copy");
  fs::rename(folder / "copy", path.string() + "-wal");
  expect_refused_because("jobs.db-wal was deleted or replaced");
}

TEST_F(SqliteFile, NothingIsAcceptedOnceTheFolderIsDeleted) {
  path = folder / "sub" / "jobs.db";
  fs::create_directory(path.parent_path());
  must_open();
  EXPECT_EQ(submit("a"), std::nullopt);
  fs::remove_all(path.parent_path());
  expect_refused_because("deleted or replaced");
}

/// On a real file, where SQLite writes at most 128 KiB at once.
TEST_F(SqliteFile, CommitsOverwriteALogThatIsLongEnough) {
  must_open();
  std::set<std::uintmax_t> sizes;
  constexpr int commits = 60;  // They all fit into the queue.
  for (int i = 0; i < commits; ++i) {
    EXPECT_EQ(submit(fmt::format("job-{}", i)), std::nullopt);
    sizes.insert(fs::file_size(path.string() + "-wal"));
  }
  EXPECT_LT(sizes.size(), commits / 10U);
}

TEST_F(SqliteFile, AFileThatIsMovedBackIsWrittenAgain) {
  must_open();
  EXPECT_EQ(submit("a"), std::nullopt);
  fs::rename(path, folder / "away");
  expect_refused_because("deleted or replaced");
  fs::rename(folder / "away", path);
  // The daemon tries again by itself, and then takes new jobs.
  const auto deadline = std::chrono::steady_clock::now() + support::patience;
  while (submit("d") && std::chrono::steady_clock::now() < deadline) {
  }
  close();
  must_open();
  EXPECT_TRUE(knows("a"));
  EXPECT_TRUE(knows("d"));
  EXPECT_FALSE(knows("b"));
}

// --- the tools --------------------------------------------------------------------------------------

TEST_F(SqliteFile, CheckReportsTheContentOfASoundFile) {
  must_open();
  for (const auto* id : {"a", "b", "c"}) EXPECT_EQ(submit(id), std::nullopt);
  support::settle(*opened.store, support::claim(*opened.store).value());
  (void)support::claim(*opened.store);
  EXPECT_TRUE(knows("a"));
  // While the daemon is running, and after it has ended.
  for (int i = 0; i < 2; ++i) {
    const auto report = check_sqlite_file(path.string()).value();
    EXPECT_THAT(report.faults, ElementsAre());
    EXPECT_EQ(report.version, sqlite::schema_version);
    EXPECT_EQ(report.counts.of(Status::queued), 1U);
    EXPECT_EQ(report.counts.of(Status::running), 1U);
    EXPECT_EQ(report.counts.of(Status::done), 1U);
    close();
  }
}

/// The log and the tables are read one after the other, while a daemon writes to all of them.
TEST_F(SqliteFile, CheckReadsOneMomentOfALiveFile) {
  must_open();
  std::jthread life([this](const std::stop_token& stop) {
    for (int i = 0; !stop.stop_requested(); ++i) {
      if (submit(fmt::format("job-{}", i))) return;
      support::settle(*opened.store, support::claim(*opened.store).value());
    }
  });
  for (int i = 0; i < 50; ++i)
    ASSERT_THAT(check_sqlite_file(path.string()).value().faults, ElementsAre()) << "check " << i;
}

TEST_F(SqliteFile, CheckNamesADamagedJob) {
  must_open();
  for (const auto* id : {"a", "b"}) EXPECT_EQ(submit(id), std::nullopt);
  close();
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  const auto place = content.find(R"({"n":1})");
  ASSERT_NE(place, std::string::npos);
  file.seekp(static_cast<std::streamoff>(place + 5));
  file.put('7');
  file.close();
  const auto report = check_sqlite_file(path.string()).value();
  ASSERT_EQ(report.faults.size(), 1U);
  EXPECT_THAT(report.faults.front(), AllOf(HasSubstr("job number"), HasSubstr("the checksum does not fit")));
  EXPECT_EQ(report.counts.of(Status::queued), 1U);
}

TEST_F(SqliteFile, CheckRefusesFilesOfOtherPrograms) {
  EXPECT_THAT(check_sqlite_file(path.string()).error(), HasSubstr("cannot read"));
  std::ofstream(path).close();
  EXPECT_THAT(check_sqlite_file(path.string()).error(), HasSubstr("empty"));
  std::ofstream(path) << std::string(5000, 'x');
  EXPECT_THAT(check_sqlite_file(path.string()).error(), HasSubstr("not a database"));
}

TEST_F(SqliteFile, ABackupOfALiveFileHoldsAllThatWasAcknowledged) {
  must_open();
  for (int i = 0; i < 50; ++i) EXPECT_EQ(submit("job-" + std::to_string(i)), std::nullopt);
  const auto copy = folder / "backup.db";
  ASSERT_TRUE(backup_sqlite_file(path.string(), copy.string()));
  EXPECT_EQ(submit("later"), std::nullopt);
  EXPECT_EQ(fs::status(copy).permissions() & (fs::perms::group_all | fs::perms::others_all), fs::perms::none);
  EXPECT_FALSE(fs::exists(copy.string() + "-wal"));
  EXPECT_FALSE(fs::exists(copy.string() + ".partial"));
  close();
  path = copy;
  must_open();
  EXPECT_EQ(opened.recovery.queued, 50U);
  EXPECT_TRUE(knows("job-49"));
  EXPECT_FALSE(knows("later"));
}

TEST_F(SqliteFile, ABackupOverwritesNothing) {
  must_open();
  const auto there = folder / "there.db";
  std::ofstream(there) << "mine";
  EXPECT_THAT(backup_sqlite_file(path.string(), there.string()).error(), HasSubstr("exists already"));
  fs::create_symlink(folder / "nothing", folder / "link.db");
  EXPECT_FALSE(backup_sqlite_file(path.string(), (folder / "link.db").string()));
  EXPECT_EQ(fs::file_size(there), 4U);
}

TEST_F(SqliteFile, ABackupThatCannotBeWrittenLeavesNothingBehind) {
  must_open();
  EXPECT_FALSE(backup_sqlite_file(path.string(), (folder / "nowhere" / "backup.db").string()));
  close();
  EXPECT_FALSE(backup_sqlite_file((folder / "none.db").string(), (folder / "backup.db").string()));
  EXPECT_FALSE(fs::exists(folder / "backup.db"));
}

}  // namespace jobqd::stores
