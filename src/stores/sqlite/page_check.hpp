#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "stores/sqlite/database.hpp"

namespace jobqd::stores::sqlite {

/// A check of every page of a file, over a connection of its own, so that the jobs can be read meanwhile.
///
/// Used by one thread, except interrupt(). Opened and closed while the file's JournalFile is open in this
/// process, so that it is never the last connection, which would change the file.
class PageCheck {
 public:
  /// The error is one line. An empty `vfs` is the one of the operating system.
  static std::expected<PageCheck, std::string> open(const std::string& path, const std::string& vfs);

  /// How many jobs the file holds; 0 if that cannot be read.
  [[nodiscard]] std::uint64_t count_jobs();

  /// Reads all pages. The error is one line: what is wrong with the file, or that the check was interrupted.
  [[nodiscard]] std::expected<void, std::string> run();

  /// Ends what runs at this moment soon, with an error. Any thread.
  void interrupt();

 private:
  PageCheck(std::string path, SqliteDatabase database);

  std::string path_;
  SqliteDatabase database_;
};

}  // namespace jobqd::stores::sqlite
