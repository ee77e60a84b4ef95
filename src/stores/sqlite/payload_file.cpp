#include "stores/sqlite/payload_file.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace jobqd::stores::sqlite {

namespace {

/// How much one transaction reads.
constexpr std::size_t rows_at_once = 256;
constexpr std::size_t bytes_at_once = 1024UL * 1024;

/// How many rows between two others are read along: searching for a row costs as much as some that are passed
/// over.
constexpr std::uint64_t most_passed_over = 4;

/// The first of these that are read in one go. They are in the order of their numbers, and not empty.
template <class Wanted>
std::span<const Wanted> first_run(std::span<const Wanted> wanted) {
  std::size_t size = 1;
  while (size < wanted.size() && wanted[size].number - wanted[size - 1].number <= most_passed_over + 1)
    ++size;
  return wanted.first(size);
}

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
  std::vector<std::optional<journal::JobBytes>> payloads(numbers.size());
  std::vector<Wanted> sorted;
  sorted.reserve(numbers.size());
  for (const auto number : numbers) sorted.push_back({.number = number, .position = sorted.size()});
  std::ranges::sort(sorted, {}, &Wanted::number);
  for (std::span<const Wanted> wanted(sorted); !wanted.empty();) {
    auto read = database_.execute("BEGIN");
    if (read) read = read_some(wanted, payloads);
    const auto ended = database_.in_transaction() ? database_.execute("COMMIT") : SqliteResult<>();
    if (read) read = ended;
    if (!read) return std::unexpected(fmt::format("cannot read payloads back: {}", in_words(read.error())));
  }
  return payloads;
}

SqliteResult<> PayloadFile::read_some(std::span<const Wanted>& wanted,
                                      std::vector<std::optional<journal::JobBytes>>& payloads) {
  std::size_t rows = 0;
  std::size_t bytes = 0;
  while (!wanted.empty() && rows < rows_at_once && bytes < bytes_at_once) {
    const auto run = first_run(wanted);
    auto left = run;  // Those without a row are passed over.
    const auto wants = [&left](std::uint64_t number) {
      while (left.front().number < number) left = left.subspan(1);
      return left.front().number == number;
    };
    const auto take = [&](std::uint64_t, std::optional<journal::JobBytes> content) {
      if (content) bytes += content->payload_size();
      payloads[left.front().position] = std::move(content);
      left = left.subspan(1);
      return !left.empty() && ++rows < rows_at_once && bytes < bytes_at_once;
    };
    if (auto read = jobs_.find(run.front().number, run.back().number, wants, take); !read) return read;
    const bool whole = rows < rows_at_once && bytes < bytes_at_once;
    wanted = wanted.subspan(whole ? run.size() : run.size() - left.size());
  }
  return {};
}

}  // namespace jobqd::stores::sqlite
