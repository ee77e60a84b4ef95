// What the store does in a trouble of its journal that still takes removals.

#include <memory>

#include <gtest/gtest.h>

#include "stores/embedded/embedded_store.hpp"
#include "stores/journal/held_journal.hpp"
#include "support/caught.hpp"
#include "support/jobs.hpp"
#include "support/manual_clock.hpp"

namespace jobqd::stores::embedded {

namespace {

using domain::ErrorCode;
using support::Caught;
using support::new_job;

class Removals : public testing::Test {
 protected:
  Removals() {
    auto held = std::make_unique<journal::HeldJournal>();
    journal = held.get();
    store = std::make_unique<EmbeddedStore>(
        EmbeddedOptions{}, Surroundings{.clock = clock, .random = random, .observer = observer},
        std::move(held));
    store->submit({new_job("a"), new_job("b")}, [](const auto&) {});
    journal->commit_all();
  }

  support::ManualClock clock;
  base::Random random{1};
  engine::Observer observer;
  journal::HeldJournal* journal = nullptr;
  std::unique_ptr<EmbeddedStore> store;
};

template <class T>
ErrorCode refusal(const Caught<T>& caught) {
  return caught.result().error().code;
}

}  // namespace

TEST_F(Removals, AreMadeWhileEverythingElseIsRefused) {
  journal->set_trouble("disk full", true);
  Caught<std::vector<engine::Submitted>> submitted;
  Caught<domain::Job> cancelled;
  Caught<std::uint64_t> retried;
  Caught<void> removed;
  Caught<std::uint64_t> purged;
  store->submit({new_job("c")}, submitted.callback());
  store->cancel("a", cancelled.callback());
  store->retry_all({.queue = "default"}, retried.callback());
  store->remove("a", removed.callback());
  store->purge({.queue = "default"}, purged.callback());
  store->tick(clock.now());
  EXPECT_FALSE(removed.called()) << "not before it is on disk";
  journal->commit_all();
  EXPECT_EQ(refusal(submitted), ErrorCode::store_unavailable);
  EXPECT_EQ(refusal(cancelled), ErrorCode::store_unavailable);
  EXPECT_EQ(refusal(retried), ErrorCode::store_unavailable);
  EXPECT_TRUE(removed.result().has_value());
  EXPECT_EQ(purged.result().value(), 1U);
  EXPECT_TRUE(journal->image().empty());
}

TEST_F(Removals, AreRefusedInATroubleThatTakesNone) {
  journal->set_trouble("the file was deleted");
  Caught<void> removed;
  Caught<std::uint64_t> purged;
  store->remove("a", removed.callback());
  store->purge({.queue = "default"}, purged.callback());
  EXPECT_EQ(refusal(removed), ErrorCode::store_unavailable);
  EXPECT_EQ(refusal(purged), ErrorCode::store_unavailable);
  EXPECT_EQ(journal->image().size(), 2U);
}

}  // namespace jobqd::stores::embedded
