#include "stores/sqlite/payload_file.hpp"

#include <utility>

#include <fmt/format.h>

namespace jobqd::stores::sqlite {

namespace {

/// How much one transaction reads.
constexpr std::size_t rows_at_once = 256;
constexpr std::size_t bytes_at_once = 1024UL * 1024;

}  // namespace

std::expected<std::unique_ptr<PayloadFile>, std::string> PayloadFile::open(const std::string& path,
                                                                           const std::string& vfs) {
  const auto refused = [&path](const SqliteError& error) {
    return std::unexpected(cannot_open(path, in_words(error)));
  };
  auto database = SqliteDatabase::open(path, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, vfs);
  if (!database) return refused(database.error());
  if (auto set = database->execute(connection_pragmas); !set) return refused(set.error());
  std::unique_ptr<PayloadFile> file(new PayloadFile(*std::move(database)));
  auto jobs = JobFinder::prepare(file->database_);  // Reads the schema, and so opens the log.
  if (!jobs) return refused(jobs.error());
  file->jobs_ = *std::move(jobs);
  return file;
}

journal::ReadPayloads PayloadFile::read(std::span<const std::uint64_t> numbers) {
  std::vector<std::optional<journal::JobBytes>> payloads;
  payloads.reserve(numbers.size());
  while (!numbers.empty()) {
    auto read = database_.execute("BEGIN");
    if (read) read = read_some(numbers, payloads);
    const auto ended = database_.in_transaction() ? database_.execute("COMMIT") : SqliteResult<>();
    if (read) read = ended;
    if (!read) return std::unexpected(fmt::format("cannot read payloads back: {}", in_words(read.error())));
  }
  return payloads;
}

SqliteResult<> PayloadFile::read_some(std::span<const std::uint64_t>& numbers,
                                      std::vector<std::optional<journal::JobBytes>>& payloads) {
  std::size_t bytes = 0;
  for (std::size_t rows = 0; rows < rows_at_once && bytes < bytes_at_once && !numbers.empty(); ++rows) {
    auto found = jobs_.find(numbers.front());
    if (!found) return std::unexpected(found.error());
    if (*found) bytes += (*found)->payload_size();
    payloads.push_back(*std::move(found));
    numbers = numbers.subspan(1);
  }
  return {};
}

}  // namespace jobqd::stores::sqlite
