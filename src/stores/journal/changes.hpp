#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "stores/journal/stored_job.hpp"

namespace jobqd::stores::journal {

/// Changes that become durable together, in one transaction. Several updates of one job are one row, the
/// latest. Written in the order of the members (invariant 4 of README.md).
struct Changes {
  std::vector<JobRow> inserts;
  std::unordered_map<std::uint64_t, ProgressRow> updates;  ///< By the job's number.
  std::map<std::string, bool, std::less<>> pauses;         ///< By the queue's name.
  std::vector<std::uint64_t> erasures;                     ///< Numbers of jobs.
  std::size_t ending_bytes = 0;                            ///< Of results and errors in `updates`.

  [[nodiscard]] bool empty() const { return size() == 0; }

  /// Rows inserted, updated and erased.
  [[nodiscard]] std::size_t size() const {
    return inserts.size() + updates.size() + pauses.size() + erasures.size();
  }

  /// Takes the place of an earlier update of the same job.
  void update(ProgressRow row);

  /// Takes in the changes of a batch that was refused. They are older than these, so of two updates of one
  /// job the present one stays. The refused inserts are dropped.
  void put_back(Changes refused);
};

}  // namespace jobqd::stores::journal
