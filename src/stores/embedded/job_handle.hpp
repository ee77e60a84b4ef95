#pragma once

#include <cstdint>

namespace jobqd::stores::embedded {

/// Names a job inside the store that made it. Never reused while the store lives. 0 names none.
using JobHandle = std::uint64_t;

/// A job's position in a queue whose tickets only grow. 0 is no ticket.
using Ticket = std::uint64_t;

}  // namespace jobqd::stores::embedded
