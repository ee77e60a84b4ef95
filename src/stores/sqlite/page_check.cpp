#include "stores/sqlite/page_check.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace jobqd::stores::sqlite {

namespace {

std::string one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return text;
}

}  // namespace

PageCheck::PageCheck(std::string path, SqliteDatabase database)
    : path_(std::move(path)), database_(std::move(database)) {}

std::expected<PageCheck, std::string> PageCheck::open(const std::string& path, const std::string& vfs) {
  auto database = SqliteDatabase::open(path, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, vfs);
  if (!database) return std::unexpected(cannot_open(path, in_words(database.error())));
  if (auto set = database->execute(connection_pragmas); !set)
    return std::unexpected(cannot_open(path, in_words(set.error())));
  return PageCheck(path, *std::move(database));
}

std::uint64_t PageCheck::count_jobs() {
  return static_cast<std::uint64_t>(database_.query_integer("SELECT count(*) FROM jobs").value_or(0));
}

std::expected<void, std::string> PageCheck::run() {
  const auto sound = database_.query_text("PRAGMA quick_check(1)");
  if (sound && *sound == "ok") return {};
  return std::unexpected(cannot_open(
      path_, fmt::format("the database is damaged: {}; restore a backup, or see what `jobqd check` says",
                         one_line(sound ? *sound : sound.error().text))));
}

void PageCheck::interrupt() {
  sqlite3_interrupt(database_.get());
}

}  // namespace jobqd::stores::sqlite
