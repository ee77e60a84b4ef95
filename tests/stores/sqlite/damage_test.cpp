// Files that are damaged, made by another program or of another version; and flipped bits.

#include <array>
#include <random>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stores/faults/store_on_disk.hpp"
#include "stores/faults/workload.hpp"
#include "support/attempts.hpp"
#include "support/jobs.hpp"

namespace jobqd::stores::sqlite {

namespace {

using support::new_job;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto path = StoreOnDisk::path;
constexpr auto log_path = StoreOnDisk::log_path;

/// A closed file with the jobs a, b and c, of which a is done.
class SqliteDamage : public testing::Test {
 protected:
  SqliteDamage() {
    on_disk.must_open();
    on_disk.submit({new_job("a"), new_job("b"), new_job("c")}).value();
    support::settle(on_disk.store(), on_disk.claim().value(), engine::Done{});
    on_disk.close();
  }

  StoreOnDisk on_disk;
};

}  // namespace

TEST_F(SqliteDamage, AJobWithAnotherPayloadIsSetAside) {
  on_disk.sql(R"(UPDATE jobs SET payload = '{"n":2}' WHERE id = 'b')");
  on_disk.must_open();
  EXPECT_THAT(on_disk.recovery().set_aside, ElementsAre(R"(number 2, id "b")"));
  EXPECT_EQ(on_disk.claim().value().id, "c");
  EXPECT_FALSE(on_disk.claim());
  EXPECT_FALSE(on_disk.find("b"));
}

TEST_F(SqliteDamage, EveryColumnIsWatched) {
  for (const auto* change : {"id = 'x'", "queue = 'x'", "payload = 'x'", "priority = 1", "max_retries = 1",
                             "timeout_ms = 1", "enqueued_at = 1", "run_at = 1", "fingerprint = 1",
                             "checksum = 1", "number = 9", "priority = 1000", "max_retries = -1"}) {
    StoreOnDisk other;
    other.must_open();
    other.submit({new_job("b")}).value();
    other.close();
    other.sql(fmt::format("UPDATE jobs SET {}", change).c_str());
    other.must_open();
    EXPECT_EQ(other.recovery().set_aside.size(), 1U) << change;
    EXPECT_TRUE(other.all().empty()) << change;
  }
}

TEST_F(SqliteDamage, EveryColumnOfTheProgressIsWatched) {
  for (const auto* change :
       {"status = 'queued'", "status = 'x'", "reason = 'ready'", "attempts = 0", "failures = 1",
        "interruptions = 1", "run_at = 1", "started_at = 1", "finished_at = 1", "last_error = 'x'",
        "result = 'x'", "checksum = 1", "attempts = -1"}) {
    StoreOnDisk other;
    other.must_open();
    other.submit({new_job("b")}).value();
    support::settle(other.store(), other.claim().value());
    other.close();
    other.sql(fmt::format("UPDATE progress SET {}", change).c_str());
    other.must_open();
    EXPECT_EQ(other.recovery().set_aside.size(), 1U) << change;
    EXPECT_FALSE(other.claim()) << change;
  }
}

TEST_F(SqliteDamage, EveryColumnOfALeaseIsWatched) {
  for (const auto* change : {"token = token + 1", "lease_ms = lease_ms + 1", "lease_ms = 0",
                             "lease_ms = 4294967296", "worker = 'x'", "token = NULL", "lease_ms = NULL",
                             "worker = NULL", "token = NULL, lease_ms = NULL, worker = NULL"}) {
    StoreOnDisk other({.store = {.queues = {{.remote = true}}}});
    other.must_open();
    other.submit({new_job("b")}).value();
    ASSERT_EQ(support::lease(other.store(), {.queue = "default", .lease = engine::LeaseTerms{.worker = "w"}})
                  .size(),
              1U);
    other.close();
    other.sql(fmt::format("UPDATE progress SET {}", change).c_str());
    other.must_open();
    EXPECT_EQ(other.recovery().set_aside.size(), 1U) << change;
  }
}

TEST_F(SqliteDamage, AJobWithANumberThatCannotBeIsSetAsideAndOthersAreTaken) {
  for (const auto* number : {"0", "-1", "140737488355327", "281474976710700", "9223372036854775807"}) {
    StoreOnDisk other;
    other.must_open();
    other.submit({new_job("a"), new_job("b")}).value();
    other.close();
    other.sql(fmt::format("UPDATE jobs SET number = {} WHERE id = 'b'", number).c_str());
    for (const auto* id : {"c", "d"}) {
      other.must_open();
      EXPECT_EQ(other.recovery().set_aside.size(), 1U) << number;
      EXPECT_TRUE(other.submit({new_job(id)})) << number;
      other.close();
    }
    other.must_open();
    EXPECT_EQ(other.all().size(), 3U) << number;
    for (const auto* id : {"a", "c", "d"}) EXPECT_EQ(other.claim().value().id, id) << number;
  }
}

TEST_F(SqliteDamage, AJobThatIsSetAsideStaysInTheFile) {
  on_disk.sql("UPDATE jobs SET payload = 'x' WHERE id = 'b'");
  for (int i = 0; i < 2; ++i) {
    on_disk.must_open();
    EXPECT_EQ(on_disk.recovery().set_aside.size(), 1U);
    on_disk.close();
  }
  // Its id is free, because it is unknown whether the damaged row really had it.
  on_disk.must_open();
  EXPECT_TRUE(on_disk.submit({new_job("b")}).value().at(0).created);
  on_disk.crash();
  on_disk.must_open();
  EXPECT_EQ(on_disk.recovery().set_aside.size(), 1U);
  EXPECT_TRUE(on_disk.find("b"));
}

TEST_F(SqliteDamage, ProgressWithoutAJobIsRefused) {
  on_disk.sql("DELETE FROM jobs WHERE id = 'a'");
  EXPECT_THAT(on_disk.open().error(), HasSubstr("progress without a job"));
}

TEST_F(SqliteDamage, ANewerFileIsRefusedByName) {
  on_disk.sql("PRAGMA user_version = 99");
  const auto before = on_disk.disk().content();
  EXPECT_THAT(on_disk.open().error(),
              AllOf(HasSubstr(path), HasSubstr("schema version 99"), HasSubstr("newer jobqd")));
  EXPECT_EQ(on_disk.disk().content(), before);
}

TEST_F(SqliteDamage, AFileOfAnotherProgramIsRefused) {
  StoreOnDisk other;
  other.sql("CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('x')");
  EXPECT_THAT(other.open().error(), HasSubstr("another program"));
}

TEST_F(SqliteDamage, AFileThatIsNoDatabaseIsRefusedAndLeftAlone) {
  const std::string text(5000, 'x');
  const FaultDisk::Image image{{path, FaultDisk::Bytes(text.begin(), text.end())}};
  on_disk.disk().load(image);
  EXPECT_THAT(on_disk.open().error(), HasSubstr("not a database"));
  EXPECT_EQ(on_disk.disk().content(), image);
}

TEST_F(SqliteDamage, AnEmptyFileIsANewOne) {
  on_disk.disk().load({{path, {}}});
  on_disk.must_open();
  EXPECT_TRUE(on_disk.all().empty());
  EXPECT_TRUE(on_disk.submit({new_job("a")}));
}

TEST_F(SqliteDamage, AFileIsCreatedCompletelyOrNotAtAll) {
  // A file is created by the migration from version 0.
  std::uint64_t cut_at = 0;
  for (bool born = false; !born;) {
    StoreOnDisk other;
    other.disk().cut_power(++cut_at);
    born = other.open().has_value() && !other.disk().struck();
    other.crash(cut_at % 2 == 0 ? FaultDisk::Survivors::none : FaultDisk::Survivors::sectors, cut_at);
    other.must_open();
    ASSERT_TRUE(other.submit({new_job("a")})) << "cut at operation " << cut_at;
  }
  EXPECT_GT(cut_at, 10U);
}

namespace {

struct Flips {
  int refused = 0;    ///< The start failed, with a message.
  int set_aside = 0;  ///< Jobs set aside and named.
  int harmless = 0;   ///< All jobs came back as they were.
  int cut_off = 0;  ///< The last transaction of the log was dropped: it looks like one that a crash has torn.
};

/// 60 jobs, half of them in the database and half in its log, as after a kill.
FaultDisk::Image image_of_a_kill(std::uint64_t seed) {
  StoreOnDisk on_disk({.checkpoint_pages = 1'000});
  std::mt19937_64 random(seed);
  on_disk.must_open();
  const auto add = [&](int first) {
    for (int i = first; i < first + 30; ++i) {
      auto job = new_job(fmt::format("job-{}", i));
      job.payload = fmt::format(R"("{}{}")", i, std::string(random() % 400, 'x'));
      on_disk.submit({job}).value();
    }
    for (int i = 0; i < 10; ++i)
      support::settle(on_disk.store(), on_disk.claim().value(), engine::Done{.result = "1"});
  };
  add(0);
  on_disk.close();
  on_disk.must_open();
  add(30);
  on_disk.submit({new_job("last")}).value();
  on_disk.crash(FaultDisk::Survivors::all);
  return on_disk.disk().content();
}

/// Opens the image with one bit flipped. Every job that is found must be as it was.
void flip_one(const FaultDisk::Image& image, const std::map<std::string, domain::Job>& sound,
              const char* file, std::uint64_t bit, Flips& flips) {
  StoreOnDisk on_disk({.checkpoint_pages = 1'000});
  on_disk.disk().load(image);
  on_disk.disk().flip(file, bit);
  if (const auto opened = on_disk.open(); !opened) {
    EXPECT_NE(opened.error(), "");
    ++flips.refused;
    return;
  }
  const auto jobs = on_disk.all();
  bool younger = true;
  for (const auto& job : jobs) {
    const auto before = sound.find(job.id);
    ASSERT_NE(before, sound.end()) << job.id << " was never submitted";
    ASSERT_EQ(job.payload, before->second.payload) << job.id;
    younger = younger && job.progress == before->second.progress;
  }
  while (const auto claim = on_disk.claim()) ASSERT_EQ(claim->payload, sound.at(claim->id).payload);
  const auto aside = on_disk.recovery().set_aside.size();
  flips.set_aside += static_cast<int>(aside);
  const auto gone = sound.size() - jobs.size() - aside;
  if (gone == 0 && younger) {
    if (aside == 0) ++flips.harmless;
    return;
  }
  ++flips.cut_off;
  ASSERT_EQ(std::string_view(file), log_path) << "jobs are missing, and nothing was reported";
  ASSERT_LE(gone, 2U) << "more was cut off than the last transactions";
}

}  // namespace

class DurabilityBitFlip : public testing::TestWithParam<const char*> {};

TEST_P(DurabilityBitFlip, NeverAltersAJobThatRuns) {
  const auto seed = seed_of_this_run();
  const auto image = image_of_a_kill(seed);
  std::map<std::string, domain::Job> sound;
  {
    StoreOnDisk on_disk({.checkpoint_pages = 1'000});
    on_disk.disk().load(image);
    on_disk.must_open();
    for (auto& job : on_disk.all()) sound.emplace(job.id, job);
  }
  ASSERT_EQ(sound.size(), 61U);
  std::mt19937_64 random(seed);
  Flips flips;
  const int starts = rounds(1'000, 20'000);
  for (int i = 0; i < starts; ++i) {
    const auto bit = random() % (image.at(GetParam()).size() * 8);
    flip_one(image, sound, GetParam(), bit, flips);
    ASSERT_FALSE(HasFailure()) << GetParam() << ", bit " << bit;
  }
  fmt::print(
      "{}: {} flips, one a start: {} starts refused, {} jobs set aside, {} harmless, {} ends of the log cut "
      "off\n",
      GetParam(), starts, flips.refused, flips.set_aside, flips.harmless, flips.cut_off);
  // Most of a small file is free space; a flip in a row or page must be noticed.
  EXPECT_GT(flips.refused + flips.set_aside + flips.cut_off, starts / 20);
}

INSTANTIATE_TEST_SUITE_P(Of, DurabilityBitFlip, testing::Values(path, log_path), [](const auto& flipped) {
  return std::string(flipped.param == path ? "Database" : "Log");
});

}  // namespace jobqd::stores::sqlite
