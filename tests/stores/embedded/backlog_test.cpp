// Nothing starts while the journal is behind.

#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "stores/embedded/embedded_store.hpp"
#include "stores/journal/held_journal.hpp"
#include "support/attempts.hpp"
#include "support/caught.hpp"
#include "support/jobs.hpp"
#include "support/manual_clock.hpp"

namespace jobqd::stores::embedded {

namespace {

using support::Caught;
using support::new_job;
using Claims = std::vector<engine::Claim>;

class Backlog : public testing::Test {
 protected:
  Backlog() {
    auto held = std::make_unique<journal::HeldJournal>();
    journal = held.get();
    store = std::make_unique<EmbeddedStore>(
        EmbeddedOptions{}, Surroundings{.clock = clock, .random = random, .observer = observer},
        std::move(held));
  }

  Caught<std::vector<engine::Submitted>> submit(const std::string& id) {
    Caught<std::vector<engine::Submitted>> submitted;
    store->submit({new_job(id)}, submitted.callback());
    journal->commit_all();
    return submitted;
  }
  Caught<Claims> claim() {
    Caught<Claims> claims;
    store->claim({.queue = "default"}, claims.callback());
    return claims;
  }

  support::ManualClock clock;
  base::Random random{1};
  engine::Observer observer;
  journal::HeldJournal* journal = nullptr;
  std::unique_ptr<EmbeddedStore> store;
};

}  // namespace

TEST_F(Backlog, HasClaimsWaitInTheirOrderAndTakesJobsAllTheSame) {
  journal->fall_behind();
  const auto first = claim();
  EXPECT_TRUE(submit("a").result().has_value());
  EXPECT_TRUE(submit("b").result().has_value());
  const auto second = claim();
  EXPECT_FALSE(first.called());
  EXPECT_FALSE(second.called());
  EXPECT_EQ(store->counts().of(domain::Status::queued), 2U);
  journal->catch_up();
  EXPECT_EQ(first.result().value().front().id, "a");
  EXPECT_EQ(second.result().value().front().id, "b");
}

TEST_F(Backlog, HasTheNextClaimOfAWorkerWaitAndTakesTheEndOfItsAttempt) {
  for (const auto* id : {"a", "b"}) ASSERT_TRUE(submit(id).result().has_value());
  const auto first = claim().result().value().front();
  journal->fall_behind();
  Caught<engine::Resolution> settled;
  Caught<Claims> next;
  EXPECT_FALSE(store->settle_and_claim(first.id, first.token, engine::Done{}, settled.callback(),
                                       {.queue = "default"}, next.callback()));
  EXPECT_TRUE(settled.result().has_value());
  EXPECT_FALSE(next.called());
  journal->catch_up();
  EXPECT_EQ(next.result().value().front().id, "b");
}

TEST_F(Backlog, LeasesNothingMore) {
  store->configure({.name = "default", .remote = true});
  ASSERT_TRUE(submit("a").result().has_value());
  journal->fall_behind();
  Caught<Claims> leased;
  EXPECT_TRUE(store->claim({.queue = "default", .lease = engine::LeaseTerms{}}, leased.callback()));
  EXPECT_EQ(store->counts().of(domain::Status::queued), 1U);
  journal->catch_up();
  journal->commit_all();
  EXPECT_EQ(leased.result().value().front().id, "a");
}

TEST_F(Backlog, HasChangesOfManyJobsWait) {
  ASSERT_TRUE(submit("a").result().has_value());
  journal->fall_behind();
  Caught<std::uint64_t> purged;
  store->purge({.queue = "default", .status = domain::Status::queued}, purged.callback());
  store->tick(clock.now());
  EXPECT_EQ(store->counts().of(domain::Status::queued), 1U);
  journal->catch_up();
  store->tick(clock.now());
  EXPECT_EQ(store->counts().of(domain::Status::queued), 0U);
  journal->commit_all();
  EXPECT_EQ(purged.result().value(), 1U);
}

TEST_F(Backlog, LetsAPurgeEndTheTroubleOfAFullDisk) {
  ASSERT_TRUE(submit("a").result().has_value());
  journal->fall_behind();
  journal->set_trouble("the disk is full", true);
  Caught<std::uint64_t> purged;
  store->purge({.queue = "default", .status = domain::Status::queued}, purged.callback());
  store->tick(clock.now());
  EXPECT_EQ(store->counts().of(domain::Status::queued), 0U);
}

}  // namespace jobqd::stores::embedded
