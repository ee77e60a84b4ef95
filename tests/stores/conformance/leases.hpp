#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stores/conformance/conformance.hpp"
#include "support/caught.hpp"

/// What the tests of leases share.
namespace jobqd::stores {

using base::milliseconds;
using domain::ErrorCode;
using domain::Progress;
using domain::Reason;
using domain::Status;
using support::Caught;
using support::new_job;
using support::result_of;

using Leases = std::vector<engine::Lease>;

/// By the worker "w", of the queue "default".
inline engine::LeaseRequest request(std::size_t max_jobs = 1, milliseconds duration = milliseconds{60'000}) {
  return {.queue = "default", .max_jobs = max_jobs, .duration = duration, .worker = "w"};
}

/// What can be had now; a wait is ended.
inline Leases lease_now(engine::Store& store, engine::LeaseRequest wanted = request()) {
  Caught<Leases> caught;
  if (const auto wait = store.lease(std::move(wanted), caught.callback()); store.unlease(wait)) return {};
  return caught.result().value();
}

inline engine::Expected<engine::Extension> extend(engine::Store& store, std::string_view id,
                                                  engine::FencingToken token, milliseconds duration) {
  return result_of<engine::Extension>([&](auto done) { store.extend(id, token, duration, std::move(done)); });
}

inline engine::Expected<engine::Claim> find_lease(engine::Store& store, std::string_view id,
                                                  engine::FencingToken token) {
  return result_of<engine::Claim>([&](auto done) { store.find_lease(id, token, std::move(done)); });
}

inline engine::Expected<void> pause(engine::Store& store, bool paused) {
  return result_of<void>([&](auto done) { store.set_paused("default", paused, std::move(done)); });
}

inline std::string ids(const Leases& leases) {
  std::string all;
  for (const auto& lease : leases) all += (all.empty() ? "" : " ") + lease.job.id;
  return all;
}

inline domain::NewJob limited(std::string id, milliseconds timeout) {
  auto job = new_job(std::move(id));
  job.timeout = timeout;
  return job;
}

/// Remembers what it was told, and settles what timed out.
struct Listener final : engine::LeaseListener {
  explicit Listener(engine::Store& of) : store(of) { store.listen_to_leases(this); }
  ~Listener() override { store.listen_to_leases(nullptr); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  void lease_timed_out(const engine::Claim& claim) override {
    heard += " timed-out:" + claim.id;
    EXPECT_TRUE(store.settle(claim, engine::Again{.delay = milliseconds{5'000}, .error = "timed out"}));
  }
  void lease_ended(const engine::Claim& claim) override {
    heard += " ended:" + claim.id;
    EXPECT_EQ(claim.worker, "w");
  }

  engine::Store& store;
  std::string heard;
};

inline const Progress ready_again{
    .status = Status::queued, .reason = Reason::ready, .attempts = 1, .interruptions = 1};
inline const Progress cancelled_once{.status = Status::failed, .reason = Reason::cancelled, .attempts = 1};

}  // namespace jobqd::stores
