#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include <jobqd/engine/claims.hpp>

/// Starting and ending attempts, as a worker of this process does it, in one line each.
namespace jobqd::support {

/// Starts the next job of the queue; waits for one. Empty when no job starts any more.
[[nodiscard]] std::optional<engine::Claim> claim(engine::Claims& claims, std::string_view queue = "default");

/// The jobs that a remote worker can have now; if there is none, the request is withdrawn.
[[nodiscard]] std::vector<engine::Claim> lease(engine::Claims& claims, engine::ClaimRequest request);

/// The resolution of the attempt.
engine::Expected<engine::Resolution> settled(engine::Claims& claims, const engine::Claim& claim,
                                             engine::Outcome outcome,
                                             engine::Settler settler = engine::Settler::own_worker);

/// false: the token was no longer the job's.
bool settle(engine::Claims& claims, const engine::Claim& claim, engine::Outcome outcome = engine::Done{});

}  // namespace jobqd::support
