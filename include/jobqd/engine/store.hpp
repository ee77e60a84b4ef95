#pragma once

#include <jobqd/engine/claims.hpp>
#include <jobqd/engine/clockwork.hpp>
#include <jobqd/engine/intake.hpp>
#include <jobqd/engine/operations.hpp>

namespace jobqd::engine {

/// Where jobs live and how they change: all roles of a store together. Code that needs one role takes that
/// one.
///
/// Thread-safe, as far as the roles say so. No method assumes that this process is the store's only user.
class Store : public Intake, public Claims, public Operations, public Clockwork {};

}  // namespace jobqd::engine
