// The power fails at any write or sync. After the restart everything that was acknowledged is there, and
// nothing is there in part.

#include <tuple>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "stores/faults/store_on_disk.hpp"
#include "stores/faults/workload.hpp"
#include "support/jobs.hpp"

namespace jobqd::stores::sqlite {

namespace {

using Survivors = FaultDisk::Survivors;
using support::new_job;
using Verdict = Ledger::Verdict;

constexpr int steps = 120;

struct Life {
  Verdict verdict = {};
  bool complete = false;  ///< The life ended before the cut.
  std::size_t acknowledged = 0;
  std::size_t leases = 0;  ///< That were held at the cut.
  std::string lost_lease = {};
};

/// From the creation of the file to an orderly end, unless the power cut at operation `cut_at` comes first.
Life live(StoreOnDisk::Settings settings, std::uint64_t seed, std::uint64_t cut_at, Survivors survivors) {
  StoreOnDisk on_disk(std::move(settings));
  Ledger ledger;
  Workload workload(on_disk, ledger, seed);
  on_disk.disk().cut_power(cut_at);
  const bool whole = on_disk.open() && workload.run(steps);
  EXPECT_TRUE(!whole || on_disk.disk().size(StoreOnDisk::path) > 4096) << "there was no checkpoint in it";
  on_disk.close();
  Life life{.complete = !on_disk.disk().struck(),
            .acknowledged = ledger.acknowledged(),
            .leases = workload.leases()};
  on_disk.crash(survivors);
  on_disk.must_open();
  life.verdict = ledger.check(on_disk.all());
  life.lost_lease = workload.lost_lease();
  return life;
}

}  // namespace

/// Slices of one sweep, so that each is short. Survivors::all is a kill of the process only.
class DurabilityPowerCut : public testing::TestWithParam<std::tuple<Survivors, std::uint64_t>> {
 public:
  static constexpr std::uint64_t slices = 4;
};

TEST_P(DurabilityPowerCut, AtEveryOperationOfAWholeLife) {
  const auto seed = seed_of_this_run();
  const auto [survivors, slice] = GetParam();
  std::uint64_t cuts = 0;
  std::size_t acknowledged = 0;
  std::size_t leases = 0;
  for (auto at = slice + 1;; at += slices * sweep_stride(), ++cuts) {
    const auto life = live({}, seed, at, survivors);
    ASSERT_EQ(life.verdict.total(), 0) << life.verdict.first << ", cut at operation " << at;
    ASSERT_EQ(life.lost_lease, "") << "cut at operation " << at;
    acknowledged += life.acknowledged;
    leases += life.leases;
    if (life.complete) break;
  }
  EXPECT_GT(cuts, 10U);
  EXPECT_GT(leases, 0U);
  fmt::print("cuts {}, acknowledged {}, leases {}, lost 0\n", cuts, acknowledged, leases);
}

INSTANTIATE_TEST_SUITE_P(Slice, DurabilityPowerCut,
                         testing::Combine(testing::Values(Survivors::none, Survivors::all),
                                          testing::Range<std::uint64_t>(0, DurabilityPowerCut::slices)));

/// A change without a waiting request lets a batch begin at any moment, even while an array is submitted.
TEST(DurabilityArrays, SurviveAsAWholeOrNotAtAll) {
  constexpr std::size_t size = 5'000;
  int none = 0;
  int whole = 0;
  for (std::uint64_t at = 4; at < 500; at += 16) {
    StoreOnDisk on_disk;
    on_disk.must_open();
    on_disk.submit({new_job("other")}).value();
    on_disk.disk().cut_power(at);
    (void)on_disk.claim();  // Its start is written within 10 ms.
    std::vector<domain::NewJob> jobs;
    for (std::size_t i = 0; i < size; ++i) jobs.push_back(new_job(fmt::format("job-{}", i)));
    const bool acknowledged = on_disk.submit(std::move(jobs)).has_value();
    on_disk.crash();
    on_disk.must_open();
    const auto there = on_disk.all().size() - 1;
    ASSERT_TRUE(there == size || (there == 0 && !acknowledged))
        << there << " of an array, cut at operation " << at;
    ++(there == 0 ? none : whole);
  }
  fmt::print("arrays: {} not there, {} whole\n", none, whole);
  EXPECT_GT(none, 0);
}

TEST(DurabilityPowerCutBites, WithoutAFullSyncAcknowledgedJobsAreLost) {
  const auto seed = seed_of_this_run();
  Verdict all;
  int runs = 0;
  for (std::uint64_t at = 40; runs < rounds(100, 400); at += 7) {
    const auto life = live({.full_sync = false}, seed + at, at, Survivors::none);
    all += life.verdict;
    ++runs;
  }
  fmt::print("synchronous=NORMAL: {} cuts, {} acknowledged jobs lost, for example: {}\n", runs, all.lost,
             all.first);
  EXPECT_GT(all.lost, 0U);  // Late cuts come after the end of a life.
  EXPECT_EQ(all.half + all.twice + all.altered, 0);
}

/// Several lives of one file; each ends by a power cut after which any mixture of unsynced sectors is there.
class DurabilityTornWrites : public testing::TestWithParam<Survivors> {};

TEST_P(DurabilityTornWrites, EveryMixtureOfUnsyncedSectorsRecovers) {
  const auto first_seed = seed_of_this_run();
  const auto seeds = static_cast<std::uint64_t>(rounds(250, 2500));
  std::size_t acknowledged = 0;
  for (std::uint64_t seed = first_seed; seed < first_seed + seeds; ++seed) {
    std::mt19937_64 random(seed);
    StoreOnDisk on_disk;
    Ledger ledger;
    Workload workload(on_disk, ledger, seed);
    for (int life = 0; life < 3; ++life) {
      on_disk.disk().cut_power(1 + random() % 400);
      if (on_disk.open()) {
        workload.begin_life();
        workload.run(steps);
      }
      on_disk.crash(GetParam(), random());
      on_disk.must_open();
      const auto verdict = ledger.check(on_disk.all());
      ASSERT_EQ(verdict.total(), 0) << verdict.first << ", JOBQD_SEED=" << seed << ", life " << life;
      ASSERT_EQ(workload.lost_lease(), "") << "JOBQD_SEED=" << seed << ", life " << life;
      on_disk.crash(Survivors::all);
    }
    acknowledged += ledger.acknowledged();
  }
  fmt::print("{} seeds, {} acknowledged, lost 0\n", seeds, acknowledged);
}

/// The history, which depends on the seed alone, crashes and recovers after every few steps.
TEST(DurabilityCrash, AfterEveryStep) {
  const auto seed = seed_of_this_run();
  StoreOnDisk on_disk;
  Ledger ledger;
  Workload workload(on_disk, ledger, seed);
  std::mt19937_64 random(seed);
  const int crashes = rounds(1'000, 20'000);
  on_disk.must_open();
  for (int i = 0; i < crashes; ++i) {
    workload.run(1 + static_cast<int>(random() % 3));
    // Either a power cut or a kill.
    on_disk.crash(random() % 2 == 0 ? Survivors::none : Survivors::all);
    on_disk.must_open();
    workload.begin_life();
    const auto verdict = ledger.check(on_disk.all());
    ASSERT_EQ(verdict.total(), 0) << verdict.first << ", after crash " << i;
    ASSERT_EQ(workload.lost_lease(), "") << "after crash " << i;
  }
  fmt::print("{} crashes, {} acknowledged, lost 0\n", crashes, ledger.acknowledged());
}

INSTANTIATE_TEST_SUITE_P(Sectors, DurabilityTornWrites, testing::Values(Survivors::sectors));
INSTANTIATE_TEST_SUITE_P(Pages, DurabilityTornWrites, testing::Values(Survivors::pages));

}  // namespace jobqd::stores::sqlite
