#pragma once

#include <string>
#include <string_view>

#include "support/jobs.hpp"

namespace jobqd::traces {

inline constexpr std::string_view trace = "0af7651916cd43dd8448eb211c80319c";
inline constexpr std::string_view parent = "b7ad6b7169203331";
inline constexpr std::string_view sampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
inline constexpr std::string_view unsampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

/// A claim that started 5 s after it was ready, at noon.
inline engine::Claim traced_claim(std::string id, std::string_view traceparent = sampled) {
  auto claim = support::new_claim(std::move(id));
  claim.traceparent = traceparent;
  claim.started_at =
      base::WallTime{std::chrono::sys_days{std::chrono::January / 1 / 2026} + std::chrono::hours{12}};
  claim.ready_at = claim.started_at - std::chrono::seconds{5};
  return claim;
}

}  // namespace jobqd::traces
