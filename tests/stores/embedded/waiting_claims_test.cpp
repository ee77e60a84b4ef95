#include "stores/embedded/waiting_claims.hpp"

#include <gtest/gtest.h>

namespace jobqd::stores::embedded {

namespace {

WaitingClaim claim_of(std::uint16_t queue, engine::WaitId wait_id, std::size_t max_jobs = 1) {
  return {.queue = queue, .wait_id = wait_id, .max_jobs = max_jobs};
}

/// Serves at most `jobs` claims, and returns the claimants that were served.
std::vector<engine::WaitId> serve(WaitingClaims& claims, std::uint16_t queue, std::size_t jobs) {
  std::vector<engine::WaitId> served;
  claims.serve(queue, [&](const WaitingClaim& claim) {
    if (served.size() == jobs) return false;
    served.push_back(claim.wait_id);
    return true;
  });
  return served;
}

using WaitIds = std::vector<engine::WaitId>;

}  // namespace

TEST(WaitingClaims, AreServedInTheirOrder) {
  WaitingClaims claims;
  for (const engine::WaitId wait_id : {3U, 1U, 2U}) claims.add(claim_of(0, wait_id));
  EXPECT_EQ(serve(claims, 0, 2), (WaitIds{3, 1}));
  EXPECT_TRUE(claims.any(0)) << "one that was not served goes on waiting";
  EXPECT_EQ(serve(claims, 0, 2), WaitIds{2});
  EXPECT_TRUE(claims.empty());
}

TEST(WaitingClaims, OfOneQueueDoNotTakeFromAnother) {
  WaitingClaims claims;
  claims.add(claim_of(5, 1));
  claims.add(claim_of(2, 2));
  EXPECT_EQ(claims.queues(), (std::vector<std::uint16_t>{2, 5}));
  EXPECT_EQ(serve(claims, 3, 9), WaitIds{});
  EXPECT_EQ(serve(claims, 5, 9), WaitIds{1});
  EXPECT_EQ(claims.queues(), std::vector<std::uint16_t>{2});
  EXPECT_FALSE(claims.any(5));
}

TEST(WaitingClaims, AreWithdrawnTheLatestFirst) {
  WaitingClaims claims;
  claims.add(claim_of(0, 1, 10));
  claims.add(claim_of(0, 2));
  claims.add(claim_of(0, 1, 20));
  const auto withdrawn = claims.withdraw(1);
  ASSERT_TRUE(withdrawn);
  EXPECT_EQ(withdrawn->max_jobs, 20U);
  EXPECT_EQ(serve(claims, 0, 9), (WaitIds{1, 2}));
  EXPECT_FALSE(claims.withdraw(1)) << "it has been served";
}

TEST(WaitingClaims, AreWithdrawnFromAnyQueue) {
  WaitingClaims claims;
  claims.add(claim_of(0, 1));
  claims.add(claim_of(4, 2));
  EXPECT_TRUE(claims.withdraw(2));
  EXPECT_EQ(claims.queues(), std::vector<std::uint16_t>{0});
}

TEST(WaitingClaims, OfOneQueueAreTaken) {
  WaitingClaims claims;
  claims.add(claim_of(4, 1));
  claims.add(claim_of(0, 2));
  claims.add(claim_of(4, 3));
  EXPECT_EQ(claims.take(4).size(), 2U);
  EXPECT_EQ(claims.take(4).size(), 0U);
  EXPECT_EQ(claims.queues(), std::vector<std::uint16_t>{0});
}

TEST(WaitingClaims, AreAllTakenWhenTheStoreCloses) {
  WaitingClaims claims;
  claims.add(claim_of(4, 1));
  claims.add(claim_of(0, 2));
  claims.add(claim_of(0, 3));
  EXPECT_EQ(claims.take_all().size(), 3U);
  EXPECT_TRUE(claims.empty());
}

}  // namespace jobqd::stores::embedded
