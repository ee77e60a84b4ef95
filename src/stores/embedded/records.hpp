#pragma once

#include <cstdint>
#include <string_view>

#include <jobqd/engine/claims.hpp>

#include "stores/embedded/record.hpp"
#include "stores/journal/stored_job.hpp"

/// Records of the store as rows of its journal, and back.
namespace jobqd::stores::embedded {

/// Copies what the producer sent.
[[nodiscard]] journal::JobRow job_row(const Record& record, std::string_view queue);

/// Copies the progress of the job, and the terms of its lease, if it has one; null: it has none.
[[nodiscard]] journal::ProgressRow progress_row(const Record& record, const engine::LeaseTerms* lease);

/// Whether a record can hold this job: its times are within 4,459 years before and after 1970. Only a file
/// that was made by hand has others.
[[nodiscard]] bool fits(const journal::StoredJob& stored);

/// The record of a sound job that was read back, and that fits, which is durable. `queue` is its index in the
/// store; `histories` are those of the table that the record is for.
[[nodiscard]] Record record_of(journal::StoredJob stored, std::uint16_t queue, Histories& histories);

}  // namespace jobqd::stores::embedded
