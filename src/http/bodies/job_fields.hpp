#pragma once

#include <jobqd/domain/job.hpp>

#include "http/bodies/field_values.hpp"

namespace jobqd::http {

/// The fields of a job in POST /enqueue, each with its rule. The table lives as long as the program.
[[nodiscard]] Fields<domain::NewJob> job_fields();

}  // namespace jobqd::http
