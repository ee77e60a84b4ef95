#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include <jobqd/engine/store.hpp>

/// What an operator does with a store's file, whether or not a daemon is running on it.
namespace jobqd::stores {

struct CheckReport {
  std::int64_t version = 0;         ///< Of the schema.
  engine::Counts counts;            ///< Of the sound jobs.
  std::vector<std::string> faults;  ///< One line each; empty: the file is sound.
};

/// Reads the whole file and changes nothing. The error is one line: the file cannot be read at all, or jobqd
/// has not made it.
[[nodiscard]] std::expected<CheckReport, std::string> check_sqlite_file(const std::string& path);

/// Copies the file, as it is at one moment and with everything that was acknowledged before the call, to
/// `to`, which must not exist. The copy is synced before this returns. The error is one line.
[[nodiscard]] std::expected<void, std::string> backup_sqlite_file(const std::string& from,
                                                                  const std::string& to);

}  // namespace jobqd::stores
