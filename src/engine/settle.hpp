#pragma once

#include <jobqd/engine/observer.hpp>
#include <jobqd/engine/store.hpp>

namespace jobqd::engine {

/// Ends an attempt and tells the observer what became of it. false: the claim was stale.
inline bool settle_and_tell(Store& store, Observer& observer, const Claim& claim,
                            const Resolution& resolution) {
  const bool settled = store.settle(claim, resolution);
  if (settled)
    observer.attempt_settled(claim, resolution);
  else
    observer.attempt_stale(claim);
  return settled;
}

}  // namespace jobqd::engine
