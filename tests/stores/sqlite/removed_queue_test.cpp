// What a file has of a queue that is not configured.

#include <gtest/gtest.h>

#include "stores/faults/store_on_disk.hpp"
#include "support/attempts.hpp"
#include "support/caught.hpp"
#include "support/jobs.hpp"

namespace jobqd::stores::sqlite {

namespace {

using domain::Reason;
using std::chrono::seconds;
using support::new_job;

}  // namespace

TEST(SqliteRemovedQueue, KeepsItsJobsAndItsPause) {
  StoreOnDisk::Settings with_mail;
  with_mail.store.queues.push_back({.name = "mail"});
  StoreOnDisk before(with_mail);
  before.must_open();
  std::vector<domain::NewJob> mails;
  for (const auto* id : {"runs", "waits", "later"}) {
    mails.push_back(new_job(id));
    mails.back().queue = "mail";
  }
  mails.back().delay = seconds{60};
  before.submit(mails).value();
  auto& store = before.store();
  ASSERT_TRUE(support::claim(store, "mail"));
  ASSERT_TRUE(support::result_of<void>([&](auto done) { store.set_paused("mail", true, std::move(done)); }));
  before.crash();

  StoreOnDisk after;
  after.disk().load(before.disk().content());
  after.must_open();
  EXPECT_EQ(after.recovery().queued + after.recovery().interrupted, 3U);
  const auto left = after.store().queues().at(1);
  EXPECT_EQ(left.name, "mail");
  EXPECT_FALSE(left.configured);
  EXPECT_EQ(left.queued.of(Reason::no_queue), 3U);
  for (const auto* id : {"runs", "waits", "later"})
    EXPECT_EQ(after.find(id).value().progress.reason, Reason::no_queue) << id;
  ASSERT_TRUE(after.store().configure({.name = "mail"}));
  EXPECT_TRUE(after.store().queues().at(1).paused);
  EXPECT_EQ(after.find("waits").value().progress.reason, Reason::paused);
}

TEST(SqliteRemovedQueue, KeepsItsLeasesAlsoWhenItComesBackWithWorkersOfTheDaemon) {
  StoreOnDisk::Settings with_mail;
  with_mail.store.queues.push_back({.name = "mail", .remote = true});
  StoreOnDisk before(with_mail);
  before.must_open();
  auto mail = new_job("a");
  mail.queue = "mail";
  before.submit({mail}).value();
  const auto held =
      support::result_of<std::vector<engine::Claim>>([&](auto done) {
        before.store().claim(
            {.queue = "mail", .lease = engine::LeaseTerms{.duration = seconds{10}, .worker = "w"}},
            std::move(done));
      })
          .value()
          .front();
  before.crash();

  StoreOnDisk after;
  after.disk().load(before.disk().content());
  after.must_open();
  EXPECT_EQ(after.recovery().leased, 1U);
  EXPECT_EQ(after.find("a").value().progress.status, domain::Status::running);
  const auto extend = [&] {
    return support::result_of<engine::Extension>(
        [&](auto done) { after.store().extend("a", held.token, seconds{20}, std::move(done)); });
  };
  EXPECT_TRUE(extend());
  ASSERT_TRUE(after.store().configure({.name = "mail"}));
  EXPECT_TRUE(extend());
  EXPECT_TRUE(support::settled(after.store(), held, engine::Done{}, engine::Settler::remote_worker));
  EXPECT_EQ(after.find("a").value().progress.status, domain::Status::done);
}

}  // namespace jobqd::stores::sqlite
