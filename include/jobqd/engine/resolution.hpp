#pragma once

#include <jobqd/domain/end_of_attempt.hpp>

namespace jobqd::engine {

using domain::Again;
using domain::Defer;
using domain::Done;
using domain::Fail;
using domain::Failed;
using domain::Interrupted;
using domain::Outcome;
using domain::Resolution;
using domain::Retry;
using domain::StopCause;
using domain::Unstarted;

}  // namespace jobqd::engine
