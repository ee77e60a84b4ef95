#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stores/conformance/conformance.hpp"
#include "support/attempts.hpp"
#include "support/caught.hpp"

/// Shared by the tests of leases.
namespace jobqd::stores {

using base::milliseconds;
using domain::ErrorCode;
using domain::Progress;
using domain::Reason;
using domain::Status;
using support::Caught;
using support::new_job;
using support::result_of;

using Claims = std::vector<engine::Claim>;

/// By the worker "w", of the queue "default".
inline engine::ClaimRequest request(std::size_t max_jobs = 1, milliseconds duration = milliseconds{60'000}) {
  return {.queue = "default",
          .max_jobs = max_jobs,
          .lease = engine::LeaseTerms{.duration = duration, .worker = "w"},
          .wait_id = engine::new_wait_id()};
}

/// The jobs that can be leased now; withdraws a request that waits.
inline Claims lease_now(engine::Store& store, engine::ClaimRequest wanted = request()) {
  return support::lease(store, std::move(wanted));
}

/// The answer to a remote worker.
inline engine::Expected<engine::Resolution> complete(engine::Store& store, std::string_view id,
                                                     engine::FencingToken token,
                                                     engine::Outcome outcome = engine::Done{}) {
  return result_of<engine::Resolution>([&](auto done) {
    store.settle(id, token, std::move(outcome), engine::Settler::remote_worker, std::move(done));
  });
}

inline engine::Expected<engine::Extension> extend(engine::Store& store, std::string_view id,
                                                  engine::FencingToken token, milliseconds duration) {
  return result_of<engine::Extension>([&](auto done) { store.extend(id, token, duration, std::move(done)); });
}

inline engine::Expected<void> pause(engine::Store& store, bool paused) {
  return result_of<void>([&](auto done) { store.set_paused("default", paused, std::move(done)); });
}

inline std::string ids(const Claims& claims) {
  std::string all;
  for (const auto& claim : claims) all += (all.empty() ? "" : " ") + claim.id;
  return all;
}

inline domain::NewJob limited(std::string id, milliseconds timeout) {
  auto job = new_job(std::move(id));
  job.timeout = timeout;
  job.max_retries = 1;
  return job;
}

inline const Progress ready_again{
    .status = Status::queued, .reason = Reason::ready, .attempts = 1, .interruptions = 1};
inline const Progress cancelled_once{.status = Status::failed, .reason = Reason::cancelled, .attempts = 1};

}  // namespace jobqd::stores
