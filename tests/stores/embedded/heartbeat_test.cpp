// What a heartbeat hands to the journal.

#include <memory>

#include <gtest/gtest.h>

#include "stores/embedded/embedded_store.hpp"
#include "stores/journal/held_journal.hpp"
#include "support/attempts.hpp"
#include "support/caught.hpp"
#include "support/jobs.hpp"
#include "support/manual_clock.hpp"

namespace jobqd::stores::embedded {

namespace {

using base::milliseconds;
using support::result_of;

class Heartbeat : public testing::Test {
 protected:
  Heartbeat() {
    auto held = std::make_unique<journal::HeldJournal>();
    journal = held.get();
    store = std::make_unique<EmbeddedStore>(
        EmbeddedOptions{.queues = {{.remote = true}}},
        Surroundings{.clock = clock, .random = random, .observer = observer}, std::move(held));
    store->submit({support::new_job("a")}, [](const auto&) {});
    journal->commit_all();
    store->claim({.queue = "default", .lease = engine::LeaseTerms{.duration = milliseconds{10'000}}},
                 [this](auto claims) { token = claims->front().token; });
    journal->commit_all();
    journal->on_flush = [this] { ++writes; };
  }

  void extend(milliseconds duration) {
    EXPECT_TRUE(result_of<engine::Extension>(
        [&](auto done) { store->extend("a", token, duration, std::move(done)); }));
  }
  /// As a crash at this moment would leave it.
  [[nodiscard]] journal::LeaseRow on_disk() const { return journal->image().at(1).progress->lease.value(); }

  support::ManualClock clock;
  base::Random random{1};
  engine::Observer observer;
  journal::HeldJournal* journal = nullptr;
  std::unique_ptr<EmbeddedStore> store;
  engine::FencingToken token = 0;
  int writes = 0;
};

}  // namespace

TEST_F(Heartbeat, IsNotWrittenIfTheLengthStaysTheSame) {
  extend(milliseconds{10'000});
  EXPECT_EQ(writes, 0);
}

TEST_F(Heartbeat, IsWrittenLaterIfTheLengthChanges) {
  extend(milliseconds{5'000});
  extend(milliseconds{5'000});
  EXPECT_EQ(writes, 1);
  EXPECT_EQ(on_disk().duration, milliseconds{10'000});
  EXPECT_EQ(journal->waiting(), 0U) << "nobody waits for it";
  journal->commit_all();
  EXPECT_EQ(on_disk().duration, milliseconds{5'000});
  EXPECT_EQ(on_disk().token, token);
}

}  // namespace jobqd::stores::embedded
