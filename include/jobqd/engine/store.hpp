#pragma once

#include <jobqd/engine/claims.hpp>
#include <jobqd/engine/clockwork.hpp>
#include <jobqd/engine/group_commit.hpp>
#include <jobqd/engine/intake.hpp>
#include <jobqd/engine/operations.hpp>

namespace jobqd::engine {

/// All roles of a store together. Code that needs only one role depends on that one.
///
/// Thread-safe, as the roles state. No method assumes that this process is the store's only user.
class Store : public Intake, public Claims, public Operations, public Clockwork, public GroupCommit {};

}  // namespace jobqd::engine
