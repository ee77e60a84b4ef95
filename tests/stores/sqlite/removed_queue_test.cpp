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

}  // namespace jobqd::stores::sqlite
