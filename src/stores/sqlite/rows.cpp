#include "stores/sqlite/rows.hpp"

#include <array>
#include <limits>
#include <span>
#include <utility>

#include <fmt/format.h>

#include <jobqd/domain/limits.hpp>

#include "stores/sqlite/row_checksum.hpp"
#include "stores/sqlite/schema.hpp"

namespace jobqd::stores::sqlite {

namespace {

using journal::Ending;
using journal::JobBytes;
using journal::JobRow;
using journal::LeaseRow;
using journal::ProgressRow;
using journal::StoredJob;

/// A column, and the schema version that added it.
struct Column {
  std::string_view name;
  std::int64_t since = 1;
};

constexpr std::array<Column, 12> job_columns{{{"number"},
                                              {"id"},
                                              {"queue"},
                                              {"payload"},
                                              {"priority"},
                                              {"max_retries"},
                                              {"timeout_ms"},
                                              {"enqueued_at"},
                                              {"run_at"},
                                              {"fingerprint"},
                                              {"traceparent", 3},
                                              {"checksum"}}};
constexpr std::array<Column, 16> progress_columns{{{"number"},
                                                   {"status"},
                                                   {"reason"},
                                                   {"attempts"},
                                                   {"failures"},
                                                   {"interruptions"},
                                                   {"run_at"},
                                                   {"started_at"},
                                                   {"finished_at"},
                                                   {"last_error"},
                                                   {"result"},
                                                   {"deferrals", 3},
                                                   {"token", 4},
                                                   {"lease_ms", 4},
                                                   {"worker", 4},
                                                   {"checksum"}}};

/// The schema version before the columns of leases. Few jobs have a lease, and columns that are not named are
/// not bound either.
constexpr std::int64_t before_leases = 3;

/// Added to the deferrals of a job whose latest attempt was simulated; more than there can be of them.
constexpr std::int64_t simulated_flag = 256;

/// Without the columns that were added after the schema version `newest`.
std::string insert_sql(std::string_view into, std::span<const Column> columns,
                       std::int64_t newest = schema_version) {
  std::string names;
  std::string values;
  for (const auto& column : columns) {
    if (column.since > newest) continue;
    names.append(names.empty() ? "" : ",").append(column.name);
    values.append(values.empty() ? "?" : ",?");
  }
  return fmt::format("{} ({}) VALUES ({})", into, names, values);
}

/// The columns for a SELECT. A column that a file of an older version lacks is NULL.
std::string columns_of(std::string_view table, std::span<const Column> columns, std::int64_t version) {
  std::string names;
  for (const auto& column : columns) {
    names.append(names.empty() ? "" : ",");
    names += column.since <= version ? fmt::format("{}.{}", table, column.name) : "NULL";
  }
  return names;
}

/// Binds columns from left to right and adds each to the checksum, which is the last column. Texts are not
/// copied: they have to live until run().
class RowBinder {
 public:
  explicit RowBinder(SqliteStatement& statement) : statement_(statement) {}

  template <class Value>
  RowBinder& operator<<(Value value) {
    statement_.bind(++column_, value);
    checksum_.add(value);
    return *this;
  }
  RowBinder& operator<<(std::optional<std::string_view> text) {
    if (text) return *this << *text;
    statement_.bind_null(++column_);
    checksum_.add_null();
    return *this;
  }
  /// A column that older rows do not have. It is part of the checksum only if it has a value.
  template <class Value>
  RowBinder& added_later(Value value, bool something) {
    if (something) return *this << value;
    statement_.bind_null(++column_);
    return *this;
  }
  SqliteResult<> run() {
    statement_.bind(++column_, checksum_.digest());
    return statement_.run();
  }

 private:
  SqliteStatement& statement_;
  RowChecksum checksum_;
  int column_ = 0;
};

/// Reads columns from left to right. A value that does not fit its type makes the row unsound.
class RowReader {
 public:
  RowReader(const SqliteStatement& statement, int column) : statement_(statement), column_(column) {}

  std::int64_t integer() {
    const auto number = statement_.integer(column_++);
    checksum_.add(number);
    return number;
  }
  template <class Number>
  Number narrow() {
    const auto number = integer();
    const bool fits = number >= std::numeric_limits<Number>::min() &&
                      number <= static_cast<std::int64_t>(std::numeric_limits<Number>::max());
    sound_ = sound_ && fits;
    return fits ? static_cast<Number>(number) : Number{};
  }
  base::WallTime time() { return base::WallTime(base::milliseconds(integer())); }
  std::string_view text() {
    const auto value = statement_.text(column_++);
    checksum_.add(value);
    return value;
  }
  std::optional<std::string> optional_text() {
    if (!statement_.is_null(column_)) return std::string(text());
    ++column_;
    checksum_.add_null();
    return std::nullopt;
  }
  /// A column that older rows do not have.
  bool skip_absent() {
    const bool absent = statement_.is_null(column_);
    if (absent) ++column_;
    return absent;
  }
  void require(bool condition) { sound_ = sound_ && condition; }
  /// Reads the last column, which is the checksum of all others.
  bool sound() { return statement_.integer(column_++) == checksum_.digest() && sound_; }

 private:
  const SqliteStatement& statement_;
  RowChecksum checksum_;
  int column_;
  bool sound_ = true;
};

std::int64_t count(base::WallTime time) {
  return time.time_since_epoch().count();
}

bool read_job(RowReader in, JobRow& row) {
  row.number = static_cast<std::uint64_t>(in.integer());
  const auto id = in.text();
  row.queue = in.text();
  const auto payload = in.text();
  row.priority = in.narrow<std::int8_t>();
  row.max_retries = in.narrow<std::uint16_t>();
  row.timeout_ms = in.narrow<std::uint32_t>();
  row.enqueued_at = in.time();
  row.run_at = in.time();
  row.fingerprint = static_cast<std::uint64_t>(in.integer());
  const auto traceparent = in.skip_absent() ? std::string_view{} : in.text();
  const auto longest = domain::limits::id_bytes;
  in.require(id.size() <= longest && traceparent.size() <= longest);
  row.content = JobBytes(id.substr(0, longest), payload, traceparent.substr(0, longest));
  return in.sound();
}

/// All of its columns have a value, or none has.
std::optional<LeaseRow> read_lease(RowReader& in) {
  if (in.skip_absent()) {
    const bool duration_absent = in.skip_absent();
    const bool worker_absent = in.skip_absent();
    in.require(duration_absent && worker_absent);
    return std::nullopt;
  }
  LeaseRow lease;
  lease.token = static_cast<std::uint64_t>(in.integer());
  const auto duration = in.narrow<std::int32_t>();
  lease.duration = base::milliseconds(duration);
  lease.worker = in.text();
  in.require(duration > 0);
  return lease;
}

bool read_progress(RowReader in, ProgressRow& row) {
  row.number = static_cast<std::uint64_t>(in.integer());
  const auto status = domain::status_from(in.text());
  const auto reason = domain::reason_from(in.text());
  in.require(status.has_value() && reason.has_value());
  row.progress.status = status.value_or(domain::Status::failed);
  row.progress.reason = reason.value_or(domain::Reason::none);
  row.progress.attempts = in.narrow<std::uint32_t>();
  row.progress.failures = in.narrow<std::uint32_t>();
  row.progress.interruptions = in.narrow<std::uint32_t>();
  row.run_at = in.time();
  row.started_at = in.time();
  row.finished_at = in.time();
  auto last_error = in.optional_text();
  auto result = in.optional_text();
  if (!in.skip_absent()) {
    const auto number = in.integer();
    in.require(number >= 0 && number < 2 * simulated_flag);
    row.progress.deferrals = static_cast<std::uint8_t>(number % simulated_flag);
    row.progress.simulated = number >= simulated_flag;
  }
  row.lease = read_lease(in);
  if (last_error || result)
    row.ending = Ending{.last_error = last_error.value_or(""), .result = std::move(result)};
  return in.sound();
}

}  // namespace

SqliteResult<RowWriter> RowWriter::prepare(SqliteDatabase& database) {
  RowWriter writer;
  const std::array<std::pair<SqliteStatement*, std::string>, 6> statements{
      {{&writer.insert_job_, insert_sql("INSERT INTO jobs", job_columns)},
       {&writer.put_progress_,
        insert_sql("INSERT OR REPLACE INTO progress", progress_columns, before_leases)},
       {&writer.put_leased_, insert_sql("INSERT OR REPLACE INTO progress", progress_columns)},
       {&writer.erase_jobs_, "DELETE FROM jobs WHERE number BETWEEN ? AND ?"},
       {&writer.erase_progress_, "DELETE FROM progress WHERE number BETWEEN ? AND ?"},
       {&writer.put_queue_, "INSERT OR REPLACE INTO queues VALUES (?,?)"}}};
  for (const auto& [statement, sql] : statements) {
    auto prepared = database.prepare(sql);
    if (!prepared) return std::unexpected(prepared.error());
    *statement = *std::move(prepared);
  }
  return writer;
}

SqliteResult<> RowWriter::insert(const JobRow& row) {
  return (RowBinder(insert_job_) << static_cast<std::int64_t>(row.number) << row.content.id()
                                 << std::string_view(row.queue) << row.content.payload()
                                 << std::int64_t{row.priority} << std::int64_t{row.max_retries}
                                 << std::int64_t{row.timeout_ms} << count(row.enqueued_at)
                                 << count(row.run_at) << static_cast<std::int64_t>(row.fingerprint))
      .added_later(row.content.traceparent(), !row.content.traceparent().empty())
      .run();
}

SqliteResult<> RowWriter::put(const ProgressRow& row) {
  const auto& progress = row.progress;
  std::optional<std::string_view> error;
  std::optional<std::string_view> result;
  if (row.ending && !row.ending->last_error.empty()) error = row.ending->last_error;
  if (row.ending && row.ending->result) result = *row.ending->result;
  RowBinder columns(row.lease ? put_leased_ : put_progress_);
  columns << static_cast<std::int64_t>(row.number) << domain::to_string(progress.status)
          << domain::to_string(progress.reason) << std::int64_t{progress.attempts}
          << std::int64_t{progress.failures} << std::int64_t{progress.interruptions} << count(row.run_at)
          << count(row.started_at) << count(row.finished_at) << error << result;
  const auto deferrals = progress.deferrals + (progress.simulated ? simulated_flag : 0);
  columns.added_later(deferrals, deferrals > 0);
  if (row.lease)
    columns << static_cast<std::int64_t>(row.lease->token) << std::int64_t{row.lease->duration.count()}
            << std::string_view(row.lease->worker);
  return columns.run();
}

SqliteResult<> RowWriter::erase(std::uint64_t first, std::uint64_t last) {
  for (SqliteStatement* statement : {&erase_jobs_, &erase_progress_}) {
    statement->bind(1, static_cast<std::int64_t>(first));
    statement->bind(2, static_cast<std::int64_t>(last));
    if (auto erased = statement->run(); !erased) return erased;
  }
  return {};
}

SqliteResult<> RowWriter::put_queue(std::string_view name, bool paused) {
  put_queue_.bind(1, name);
  put_queue_.bind(2, std::int64_t{paused ? 1 : 0});
  return put_queue_.run();
}

SqliteResult<std::vector<std::string>> read_paused_queues(SqliteDatabase& database) {
  auto statement = database.prepare("SELECT name FROM queues WHERE paused <> 0");
  if (!statement) return std::unexpected(statement.error());
  std::vector<std::string> names;
  while (true) {
    const auto row = statement->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return names;
    names.emplace_back(statement->text(0));
  }
}

SqliteResult<JobReader> JobReader::prepare(SqliteDatabase& database) {
  const auto version = database.query_integer("PRAGMA user_version");
  if (!version) return std::unexpected(version.error());
  const auto select = [&](std::string_view table, std::span<const Column> columns) {
    return database.prepare(
        fmt::format("SELECT {} FROM {} ORDER BY number", columns_of(table, columns, *version), table));
  };
  auto jobs = select("jobs", job_columns);
  if (!jobs) return std::unexpected(jobs.error());
  auto progress = select("progress", progress_columns);
  if (!progress) return std::unexpected(progress.error());
  JobReader reader;
  reader.jobs_ = *std::move(jobs);
  reader.progress_ = *std::move(progress);
  return reader;
}

SqliteResult<bool> JobReader::next(StoredJob& stored) {
  const auto row = jobs_.step();
  if (!row || !*row) return row;
  stored.sound = read_job(RowReader(jobs_, 0), stored.job);
  const auto has_progress = find_progress(static_cast<std::int64_t>(stored.job.number));
  if (!has_progress) return has_progress;
  if (!*has_progress) return true;
  auto& progress = stored.progress.emplace();
  stored.sound = read_progress(RowReader(progress_, 0), progress) && stored.sound;
  return true;
}

SqliteResult<bool> JobReader::find_progress(std::int64_t number) {
  while (progress_number_ < number) {
    const auto row = progress_.step();
    if (!row) return row;
    in_progress_ = *row;
    progress_number_ = in_progress_ ? progress_.integer(0) : std::numeric_limits<std::int64_t>::max();
  }
  return in_progress_ && progress_number_ == number;
}

SqliteResult<JobFinder> JobFinder::prepare(SqliteDatabase& database) {
  auto jobs = database.prepare(fmt::format("SELECT {} FROM jobs WHERE number BETWEEN ? AND ? ORDER BY number",
                                           columns_of("jobs", job_columns, schema_version)));
  if (!jobs) return std::unexpected(jobs.error());
  JobFinder finder;
  finder.jobs_ = *std::move(jobs);
  return finder;
}

SqliteResult<> JobFinder::find(std::uint64_t first, std::uint64_t last,
                               const std::function<bool(std::uint64_t)>& wants, const Visit& visit) {
  jobs_.bind(1, static_cast<std::int64_t>(first));
  jobs_.bind(2, static_cast<std::int64_t>(last));
  SqliteResult<> read;
  while (true) {
    const auto there = jobs_.step();
    if (!there) read = std::unexpected(there.error());
    if (!there || !*there) break;
    const auto number = static_cast<std::uint64_t>(jobs_.integer(0));
    if (!wants(number)) continue;
    const bool sound = read_job(RowReader(jobs_, 0), row_);
    if (!visit(number, sound ? std::optional(std::move(row_.content)) : std::nullopt)) break;
  }
  jobs_.reset();
  return read;
}

SqliteResult<> read_jobs(SqliteDatabase& database, const std::function<void(StoredJob&&)>& visit) {
  auto reader = JobReader::prepare(database);
  if (!reader) return std::unexpected(reader.error());
  while (true) {
    StoredJob stored;
    const auto there = reader->next(stored);
    if (!there) return std::unexpected(there.error());
    if (!*there) return {};
    visit(std::move(stored));
  }
}

}  // namespace jobqd::stores::sqlite
