#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "stores/journal/job_bytes.hpp"

namespace jobqd::stores::journal {

/// For each number that was asked for, in that order, what the job's producer sent; empty if its row is
/// damaged or not there any more. Or why nothing could be read, in one line.
using ReadPayloads = std::expected<std::vector<std::optional<JobBytes>>, std::string>;

/// Takes what was read. Called once at most, on the thread that read it, which holds no lock.
using PayloadsRead = std::move_only_function<void(ReadPayloads)>;

/// Reads rows of jobs while a BatchWriter writes others. One thread uses it.
class PayloadSource {
 public:
  virtual ~PayloadSource() = default;

  /// Reads the rows of jobs, by their numbers, and checks them. Jobs that a batch has made durable before are
  /// found. May take as long as the disk does, and keeps nothing from being written meanwhile.
  virtual ReadPayloads read(std::span<const std::uint64_t> numbers) = 0;
};

}  // namespace jobqd::stores::journal
