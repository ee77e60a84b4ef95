#include "stores/sqlite/transaction.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

namespace jobqd::stores::sqlite {

namespace {

/// Changes a page. An update to the same value would not: SQLite compares first.
constexpr auto probe_sql =
    "INSERT INTO counters VALUES ('probes', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1";

/// Pairs of the first and the last of numbers that follow each other: jobs come and go in their order.
std::vector<std::pair<std::uint64_t, std::uint64_t>> runs_of(std::vector<std::uint64_t> numbers) {
  std::ranges::sort(numbers);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> runs;
  for (const auto number : numbers)
    if (!runs.empty() && number <= runs.back().second + 1)
      runs.back().second = number;
    else
      runs.emplace_back(number, number);
  return runs;
}

}  // namespace

SqliteResult<Transaction> Transaction::prepare(SqliteDatabase& database) {
  Transaction transaction(database);
  auto rows = RowWriter::prepare(database);
  if (!rows) return std::unexpected(rows.error());
  transaction.rows_ = *std::move(rows);
  const std::array<std::pair<SqliteStatement*, const char*>, 4> statements{
      {{&transaction.begin_, "BEGIN IMMEDIATE"},
       {&transaction.commit_, "COMMIT"},
       {&transaction.rollback_, "ROLLBACK"},
       {&transaction.probe_, probe_sql}}};
  for (const auto& [statement, sql] : statements) {
    auto prepared = database.prepare(sql);
    if (!prepared) return std::unexpected(prepared.error());
    *statement = *std::move(prepared);
  }
  return transaction;
}

SqliteResult<> Transaction::run(const journal::Changes& changes, bool probe) {
  auto result = begin_.run();
  if (result) result = write_rows(changes);
  if (result && probe) result = probe_.run();
  if (result) result = commit_.run();
  if (!result && database_->in_transaction()) (void)rollback_.run();
  return result;
}

SqliteResult<> Transaction::write_rows(const journal::Changes& changes) {
  for (const auto& row : changes.inserts)
    if (auto written = rows_.insert(row); !written) return written;
  // By number, so that new rows are appended to the table, page after page.
  std::vector<const journal::ProgressRow*> updates;
  updates.reserve(changes.updates.size());
  for (const auto& [number, row] : changes.updates) updates.push_back(&row);
  std::ranges::sort(updates, {}, &journal::ProgressRow::number);
  for (const auto* row : updates)
    if (auto written = rows_.put(*row); !written) return written;
  for (const auto& [queue, paused] : changes.pauses)
    if (auto written = rows_.put_queue(queue, paused); !written) return written;
  for (const auto& [first, last] : runs_of(changes.erasures))
    if (auto written = rows_.erase(first, last); !written) return written;
  return {};
}

}  // namespace jobqd::stores::sqlite
