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

JobHandle job(std::uint64_t number, std::uint32_t slot = 1) {
  return {.number = number, .slot = JobSlot(slot)};
}

engine::LeaseTerms terms(int ms, std::string worker = "") {
  return {.duration = milliseconds{ms}, .worker = std::move(worker)};
}

}  // namespace

TEST(LeaseBook, KnowsTheTermsOfALease) {
  LeaseBook book;
  book.grant(job(10, 1), on(0), terms(100, "w1"));
  EXPECT_TRUE(book.contains(job(10, 1)));
  EXPECT_EQ(book.terms(job(10, 1))->worker, "w1");
  EXPECT_EQ(book.terms(job(10, 1))->duration, milliseconds{100});
  EXPECT_FALSE(book.contains(job(20, 2)));
  EXPECT_EQ(book.terms(job(20, 2)), nullptr);
  EXPECT_EQ(book.jobs(), std::vector{job(10)});
}

TEST(LeaseBook, ExpiresNoLeaseEarly) {
  LeaseBook book;
  book.grant(job(10, 1), on(0), terms(100));
  EXPECT_EQ(book.next(), at(100));
  EXPECT_EQ(book.pop_expired(at(99)), std::nullopt);
  EXPECT_EQ(book.pop_expired(at(100)), job(10, 1));
}

TEST(LeaseBook, ReturnsAnExpiredLeaseOnceAndKeepsItUntilItsEnd) {
  LeaseBook book;
  book.grant(job(10, 1), on(0), terms(100, "w1"));
  ASSERT_EQ(book.pop_expired(at(200)), job(10, 1));
  EXPECT_EQ(book.pop_expired(at(200)), std::nullopt);
  EXPECT_EQ(book.next(), std::nullopt);
  EXPECT_EQ(book.terms(job(10, 1))->worker, "w1");
  book.end(job(10, 1));
  EXPECT_FALSE(book.contains(job(10, 1)));
}

TEST(LeaseBook, ExpiresTheOldestJobFirstOfThoseThatExpireTogether) {
  LeaseBook book;
  book.grant(job(30, 7), on(0), terms(100));
  book.grant(job(10, 8), on(0), terms(100));
  book.grant(job(20, 9), on(0), terms(50));
  EXPECT_EQ(book.pop_expired(at(100)), job(20, 9));
  EXPECT_EQ(book.pop_expired(at(100)), job(10, 8));
  EXPECT_EQ(book.pop_expired(at(100)), job(30, 7));
}

TEST(LeaseBook, LastsUntilTheTimeOfItsLatestExtension) {
  LeaseBook book;
  book.grant(job(10, 1), on(0), terms(100));
  EXPECT_EQ(book.extend(job(10, 1), on(50), milliseconds{250}), at(300));
  EXPECT_EQ(book.pop_expired(at(299)), std::nullopt);
  EXPECT_EQ(book.next(), at(300));
  EXPECT_EQ(book.extend(job(10, 1), on(150), milliseconds{50}), at(200));
  EXPECT_EQ(book.terms(job(10, 1))->duration, milliseconds{50});
  EXPECT_EQ(book.pop_expired(at(200)), job(10, 1)) << "a worker may also shorten its lease";
}

TEST(LeaseBook, ShowsALeaseAsItsWorkerKnowsIt) {
  LeaseBook book;
  EXPECT_FALSE(book.lease(job(10, 1)));
  book.grant(job(10, 1), on(0), terms(100, "w1"));
  EXPECT_EQ(book.lease(job(10, 1))->worker, "w1");
  EXPECT_EQ(book.lease(job(10, 1))->expires_at, on(100).wall);
  book.extend(job(10, 1), on(50), milliseconds{250});
  EXPECT_EQ(book.lease(job(10, 1))->expires_at, on(300).wall);
  book.renew_all(on(400));
  EXPECT_EQ(book.lease(job(10, 1))->expires_at, on(650).wall);
  book.end(job(10, 1));
  EXPECT_FALSE(book.lease(job(10, 1)));
}

TEST(LeaseBook, RenewsEveryLeaseForItsFullLength) {
  LeaseBook book;
  book.grant(job(10, 1), on(0), terms(100));
  book.grant(job(20, 2), on(0), terms(300, "w2"));
  book.extend(job(10, 1), on(50), milliseconds{200});
  book.renew_all(on(90));
  EXPECT_EQ(book.pop_expired(at(289)), std::nullopt);
  EXPECT_EQ(book.pop_expired(at(290)), job(10, 1));
  EXPECT_EQ(book.pop_expired(at(389)), std::nullopt);
  EXPECT_EQ(book.pop_expired(at(390)), job(20, 2));
}

TEST(LeaseBook, DoesNotExpireALeaseThatHasEnded) {
  LeaseBook book;
  book.grant(job(10, 1), on(0), terms(100));
  book.end(job(10, 1));
  book.end(job(10, 1));
  EXPECT_EQ(book.next(), std::nullopt);
  EXPECT_EQ(book.pop_expired(at(200)), std::nullopt);
  EXPECT_TRUE(book.jobs().empty());
}

TEST(LeaseBook, GrantsAJobAgainAfterItsLeaseHasExpired) {
  LeaseBook book;
  book.grant(job(10, 1), on(0), terms(100, "w1"));
  ASSERT_EQ(book.pop_expired(at(100)), job(10, 1));
  book.end(job(10, 1));
  book.grant(job(10, 1), on(0), terms(200, "w2"));
  EXPECT_EQ(book.terms(job(10, 1))->worker, "w2");
  EXPECT_EQ(book.pop_expired(at(200)), job(10, 1));
}

}  // namespace jobqd::stores::embedded
