#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "stores/journal/payload_source.hpp"
#include "stores/sqlite/database.hpp"
#include "stores/sqlite/rows.hpp"

namespace jobqd::stores::sqlite {

/// Reads payloads from a file over a connection of its own, so that reading and committing do not wait for
/// each other. What it reads at once are a few rows, because a log begins anew only when nobody reads in it.
/// Jobs that start one after the other were mostly enqueued so, and have rows beside each other: those are
/// read in one go.
///
/// Opened and closed while the file's JournalFile is open in this process, so that it is never the last
/// connection, which would change the file. Opened before jobs run, so that it reads the file that was opened
/// then, whatever becomes of its name.
class PayloadFile final : public journal::PayloadSource {
 public:
  /// The schema is the present one. The error is one line. An empty `vfs` is the one of the operating system.
  static std::expected<std::unique_ptr<PayloadFile>, std::string> open(const std::string& path,
                                                                       const std::string& vfs);

  journal::ReadPayloads read(std::span<const std::uint64_t> numbers) override;

 private:
  explicit PayloadFile(SqliteDatabase database) : database_(std::move(database)) {}
  /// A job that is to be read, and where its payload goes.
  struct Wanted {
    std::uint64_t number;
    std::size_t position;
  };
  /// Reads some of the first of these, which are in the order of their numbers, and takes them away.
  SqliteResult<> read_some(std::span<const Wanted>& wanted,
                           std::vector<std::optional<journal::JobBytes>>& payloads);

  SqliteDatabase database_;
  JobFinder jobs_;
};

}  // namespace jobqd::stores::sqlite
