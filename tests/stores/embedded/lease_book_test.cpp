#include "stores/embedded/lease_book.hpp"

#include <gtest/gtest.h>

namespace jobqd::stores::embedded {

namespace {

using base::milliseconds;
using base::SteadyTime;

SteadyTime at(int ms) {
  return SteadyTime{milliseconds{1'000'000 + ms}};
}

/// The same time on both clocks.
base::Now on(int ms) {
  return {.wall = base::WallTime{milliseconds{ms}}, .steady = at(ms)};
}

engine::LeaseTerms terms(int ms, std::string worker = "") {
  return {.duration = milliseconds{ms}, .worker = std::move(worker)};
}

}  // namespace

TEST(LeaseBook, KnowsTheTermsOfALease) {
  LeaseBook book;
  book.grant(1, 10, on(0), terms(100, "w1"));
  EXPECT_TRUE(book.contains(1));
  EXPECT_EQ(book.terms(1)->worker, "w1");
  EXPECT_EQ(book.terms(1)->duration, milliseconds{100});
  EXPECT_FALSE(book.contains(2));
  EXPECT_EQ(book.terms(2), nullptr);
  EXPECT_EQ(book.jobs(), std::vector<JobHandle>{1});
}

TEST(LeaseBook, ExpiresNoLeaseEarly) {
  LeaseBook book;
  book.grant(1, 10, on(0), terms(100));
  EXPECT_EQ(book.next(), at(100));
  EXPECT_EQ(book.pop_expired(at(99)), std::nullopt);
  EXPECT_EQ(book.pop_expired(at(100)), 1U);
}

TEST(LeaseBook, ReturnsAnExpiredLeaseOnceAndKeepsItUntilItsEnd) {
  LeaseBook book;
  book.grant(1, 10, on(0), terms(100, "w1"));
  ASSERT_EQ(book.pop_expired(at(200)), 1U);
  EXPECT_EQ(book.pop_expired(at(200)), std::nullopt);
  EXPECT_EQ(book.next(), std::nullopt);
  EXPECT_EQ(book.terms(1)->worker, "w1");
  book.end(1);
  EXPECT_FALSE(book.contains(1));
}

TEST(LeaseBook, ExpiresTheOldestJobFirstOfThoseThatExpireTogether) {
  LeaseBook book;
  book.grant(7, 30, on(0), terms(100));
  book.grant(8, 10, on(0), terms(100));
  book.grant(9, 20, on(0), terms(50));
  EXPECT_EQ(book.pop_expired(at(100)), 9U);
  EXPECT_EQ(book.pop_expired(at(100)), 8U);
  EXPECT_EQ(book.pop_expired(at(100)), 7U);
}

TEST(LeaseBook, LastsUntilTheTimeOfItsLatestExtension) {
  LeaseBook book;
  book.grant(1, 10, on(0), terms(100));
  EXPECT_EQ(book.extend(1, on(50), milliseconds{250}), at(300));
  EXPECT_EQ(book.pop_expired(at(299)), std::nullopt);
  EXPECT_EQ(book.next(), at(300));
  EXPECT_EQ(book.extend(1, on(150), milliseconds{50}), at(200));
  EXPECT_EQ(book.terms(1)->duration, milliseconds{50});
  EXPECT_EQ(book.pop_expired(at(200)), 1U) << "a worker may also shorten its lease";
}

TEST(LeaseBook, ShowsALeaseAsItsWorkerKnowsIt) {
  LeaseBook book;
  EXPECT_FALSE(book.lease(1));
  book.grant(1, 10, on(0), terms(100, "w1"));
  EXPECT_EQ(book.lease(1)->worker, "w1");
  EXPECT_EQ(book.lease(1)->expires_at, on(100).wall);
  book.extend(1, on(50), milliseconds{250});
  EXPECT_EQ(book.lease(1)->expires_at, on(300).wall);
  book.renew_all(on(400));
  EXPECT_EQ(book.lease(1)->expires_at, on(650).wall);
  book.end(1);
  EXPECT_FALSE(book.lease(1));
}

TEST(LeaseBook, RenewsEveryLeaseForItsFullLength) {
  LeaseBook book;
  book.grant(1, 10, on(0), terms(100));
  book.grant(2, 20, on(0), terms(300, "w2"));
  book.extend(1, on(50), milliseconds{200});
  book.renew_all(on(90));
  EXPECT_EQ(book.pop_expired(at(289)), std::nullopt);
  EXPECT_EQ(book.pop_expired(at(290)), 1U);
  EXPECT_EQ(book.pop_expired(at(389)), std::nullopt);
  EXPECT_EQ(book.pop_expired(at(390)), 2U);
}

TEST(LeaseBook, DoesNotExpireALeaseThatHasEnded) {
  LeaseBook book;
  book.grant(1, 10, on(0), terms(100));
  book.end(1);
  book.end(1);
  EXPECT_EQ(book.next(), std::nullopt);
  EXPECT_EQ(book.pop_expired(at(200)), std::nullopt);
  EXPECT_TRUE(book.jobs().empty());
}

TEST(LeaseBook, GrantsAJobAgainAfterItsLeaseHasExpired) {
  LeaseBook book;
  book.grant(1, 10, on(0), terms(100, "w1"));
  ASSERT_EQ(book.pop_expired(at(100)), 1U);
  book.end(1);
  book.grant(1, 10, on(0), terms(200, "w2"));
  EXPECT_EQ(book.terms(1)->worker, "w2");
  EXPECT_EQ(book.pop_expired(at(200)), 1U);
}

}  // namespace jobqd::stores::embedded
