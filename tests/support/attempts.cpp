#include "support/attempts.hpp"

#include <utility>

#include "support/caught.hpp"

namespace jobqd::support {

using Claimed = std::vector<engine::Claim>;

std::optional<engine::Claim> claim(engine::Claims& claims, std::string_view queue) {
  auto started =
      result_of<Claimed>([&](auto done) { claims.claim({.queue = queue}, std::move(done)); }).value();
  return started.empty() ? std::nullopt : std::optional(std::move(started.front()));
}

Claimed lease(engine::Claims& claims, engine::ClaimRequest request) {
  Caught<Claimed> caught;
  request.wait_id = engine::new_wait_id();
  const auto wait_id = request.wait_id;
  if (claims.claim(std::move(request), caught.callback()) && claims.withdraw(wait_id)) return {};
  return caught.result().value();
}

engine::Expected<engine::Resolution> settled(engine::Claims& claims, const engine::Claim& claim,
                                             engine::Outcome outcome, engine::Settler settler) {
  return result_of<engine::Resolution>(
      [&](auto done) { claims.settle(claim.id, claim.token, std::move(outcome), settler, std::move(done)); });
}

bool settle(engine::Claims& claims, const engine::Claim& claim, engine::Outcome outcome) {
  return settled(claims, claim, std::move(outcome)).has_value();
}

}  // namespace jobqd::support
