#include <jobqd/engine/remote_workers.hpp>

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/caught.hpp"
#include "support/jobs.hpp"
#include "support/stub_store.hpp"

namespace jobqd::engine {

namespace {

using base::milliseconds;
using domain::ErrorCode;
using support::Caught;
using support::new_claim;
using support::result_of;

/// One lease is out, of job "a" with token 1, until it is settled.
class LeasingStore : public support::StubStore {
 public:
  WaitId lease(LeaseRequest request, Callback<std::vector<Lease>> done) override {
    if (request.queue != "remote")
      done(std::unexpected(domain::Error{.code = ErrorCode::queue_not_found, .detail = "no such queue"}));
    else
      done(std::vector{Lease{.claim = claim, .job = {}}});
    return 0;
  }
  void find_lease(std::string_view id, FencingToken token, Callback<Claim> done) override {
    if (id == claim.id && token == claim.token) return done(claim);
    done(std::unexpected(domain::Error{.code = ErrorCode::lease_lost, .detail = "lost"}));
  }
  bool settle(const Claim& /*claim*/, Resolution resolution) override {
    settled = std::move(resolution);
    return current;
  }
  void sync(Callback<void> done) override { waiting = std::move(done); }
  void listen_to_leases(LeaseListener* to) override { listener = to; }
  std::vector<QueueState> queues() const override { return {{.name = "remote"}, {.name = "own"}}; }

  Claim claim = [] {
    auto made = new_claim("a");
    made.queue = "remote";
    return made;
  }();
  bool current = true;  ///< Whether the claim still counts.
  std::optional<Resolution> settled;
  Callback<void> waiting;  ///< Who waits for the disk.
  LeaseListener* listener = nullptr;
};

class Diary : public Observer {
 public:
  void attempt_started(const Claim& claim) override { note("started", claim); }
  void attempt_settled(const Claim& claim, const Resolution& resolution) override {
    note(std::holds_alternative<Interrupted>(resolution) ? "interrupted" : "settled", claim);
  }
  void attempt_stale(const Claim& claim) override { note("stale", claim); }
  void lease_expired(const Claim& claim) override { note("expired", claim); }

  std::string entries;

 private:
  void note(const char* what, const Claim& claim) {
    entries += (entries.empty() ? "" : ", ") + std::string(what) + " " + claim.id;
  }
};

class RemoteWorkersTest : public testing::Test {
 protected:
  Expected<std::vector<Lease>> lease(std::string queue) {
    return result_of<std::vector<Lease>>(
        [&](auto done) { workers.lease({.queue = std::move(queue)}, std::move(done)); });
  }

  LeasingStore store;
  base::Random random{5};
  Diary diary;
  RemoteWorkers workers{
      store,
      {{"remote", {.base = milliseconds{100}, .cap = milliseconds{100}, .jitter = domain::Jitter::none}}},
      random,
      diary};
};

}  // namespace

TEST_F(RemoteWorkersTest, TheObserverIsToldOfWhatIsLeased) {
  EXPECT_EQ(lease("remote").value().size(), 1U);
  EXPECT_EQ(diary.entries, "started a");
}

TEST_F(RemoteWorkersTest, OnlyQueuesWithoutWorkersOfOursAreLeased) {
  const auto refused = lease("own");
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_field);
  EXPECT_NE(refused.error().detail.find("\"own\""), std::string::npos);
  EXPECT_EQ(lease("nobody").error().code, ErrorCode::queue_not_found);
  EXPECT_EQ(diary.entries, "");
}

TEST_F(RemoteWorkersTest, AWorkerHearsOfItsSuccessOnceItIsDurable) {
  Caught<void> caught;
  workers.settle("a", 1, Done{.result = "1"}, caught.callback());
  EXPECT_EQ(std::get<Done>(store.settled.value()).result, "1");
  EXPECT_EQ(diary.entries, "settled a");
  EXPECT_FALSE(caught.called());
  store.waiting({});
  EXPECT_TRUE(caught.result());
}

TEST_F(RemoteWorkersTest, AWorkerHearsThatTheDiskIsInTrouble) {
  Caught<void> caught;
  workers.settle("a", 1, Done{}, caught.callback());
  store.waiting(std::unexpected(domain::Error{.code = ErrorCode::store_unavailable, .detail = "full"}));
  EXPECT_EQ(caught.result().error().code, ErrorCode::store_unavailable);
}

TEST_F(RemoteWorkersTest, AFailureBacksOffByThePolicyOfItsQueue) {
  store.claim.max_retries = 1;
  Caught<void> caught;
  workers.settle("a", 1, Retry{.error = "e"}, caught.callback());
  EXPECT_EQ(std::get<Again>(store.settled.value()).delay, milliseconds{100});
  workers.settle("a", 1, Retry{.error = "e", .after = milliseconds{7}}, [](auto) {});
  EXPECT_EQ(std::get<Again>(store.settled.value()).delay, milliseconds{7});
  workers.settle("a", 1, Fail{.error = "e"}, [](auto) {});
  EXPECT_EQ(std::get<Failed>(store.settled.value()).reason, domain::Reason::rejected);
  store.claim.failures = 1;
  workers.settle("a", 1, Retry{.error = "e"}, [](auto) {});
  EXPECT_EQ(std::get<Failed>(store.settled.value()).reason, domain::Reason::exhausted);
}

TEST_F(RemoteWorkersTest, AFailureOfACancelledJobIsItsCancel) {
  store.claim.max_retries = 1;
  store.claim.stop->request(StopCause::cancelled);
  workers.settle("a", 1, Retry{.error = "e"}, [](auto) {});
  EXPECT_EQ(std::get<Failed>(store.settled.value()).reason, domain::Reason::cancelled);
}

TEST_F(RemoteWorkersTest, ALostLeaseSettlesNothing) {
  const auto lost = result_of<void>([&](auto done) { workers.settle("a", 2, Done{}, std::move(done)); });
  EXPECT_EQ(lost.error().code, ErrorCode::lease_lost);
  EXPECT_FALSE(store.settled.has_value());
}

TEST_F(RemoteWorkersTest, ALeaseThatIsLostJustNowIsLostToo) {
  store.current = false;
  const auto lost = result_of<void>([&](auto done) { workers.settle("a", 1, Done{}, std::move(done)); });
  EXPECT_EQ(lost.error().code, ErrorCode::lease_lost);
  EXPECT_EQ(diary.entries, "stale a");
}

TEST_F(RemoteWorkersTest, ATimeoutIsAFailureByThePolicy) {
  store.claim.max_retries = 1;
  store.claim.timeout = milliseconds{250};
  store.claim.stop->request(StopCause::timed_out);
  store.listener->lease_timed_out(store.claim);
  EXPECT_EQ(std::get<Again>(store.settled.value()).error, "timed out after 250 ms");
  EXPECT_EQ(diary.entries, "settled a");
}

TEST_F(RemoteWorkersTest, TheObserverIsToldOfLeasesThatRanOut) {
  store.listener->lease_ended(store.claim);
  EXPECT_FALSE(store.settled.has_value()) << "the store has done it";
  EXPECT_EQ(diary.entries, "expired a, interrupted a");
}

TEST_F(RemoteWorkersTest, TheObserverIsToldOfLeasesThatTheStopEnded) {
  store.claim.stop->request(StopCause::shutdown);
  store.listener->lease_ended(store.claim);
  EXPECT_EQ(diary.entries, "interrupted a");
}

TEST_F(RemoteWorkersTest, TheObserverIsToldOfLeasesThatEndedCancelled) {
  store.claim.stop->request(StopCause::cancelled);
  store.listener->lease_ended(store.claim);
  EXPECT_EQ(diary.entries, "settled a");
}

TEST_F(RemoteWorkersTest, TheStoreTellsNobodyAfterTheEnd) {
  {
    const RemoteWorkers shorter(store, {}, random, diary);
  }
  EXPECT_EQ(store.listener, nullptr);
}

}  // namespace jobqd::engine
