#include "app/daemon/tally.hpp"

namespace jobqd::app {

void Tally::attempt_settled(const engine::Claim& /*claim*/, const engine::Resolution& resolution) {
  if (std::holds_alternative<engine::Unstarted>(resolution)) return;  // No attempt has ended.
  auto& count = std::holds_alternative<engine::Done>(resolution)     ? done_
                : std::holds_alternative<engine::Failed>(resolution) ? failed_
                : std::holds_alternative<engine::Again>(resolution)  ? retried_
                                                                     : interrupted_;
  count.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace jobqd::app
