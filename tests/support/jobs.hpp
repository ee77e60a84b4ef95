#pragma once

#include <string>

#include <jobqd/domain/job.hpp>
#include <jobqd/engine/claim.hpp>

namespace jobqd::support {

/// A plain job for the queue "default"; a test changes the field it is about.
[[nodiscard]] domain::NewJob new_job(std::string id);

/// The first start of such a job, outside of any store.
[[nodiscard]] engine::Claim new_claim(std::string id);

}  // namespace jobqd::support
