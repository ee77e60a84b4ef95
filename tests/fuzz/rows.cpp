// Rows of the file. Any values in the columns are read without harm; a job that was written comes back as it
// was; and one changed column is noticed.

#include "stores/sqlite/rows.hpp"

#include <array>
#include <deque>
#include <vector>

#include <fuzzer/FuzzedDataProvider.h>

#include "fuzz/require.hpp"
#include "stores/sqlite/schema.hpp"

namespace {

using namespace jobqd;
using namespace jobqd::stores::sqlite;
using stores::journal::JobBytes;
using stores::journal::JobRow;
using stores::journal::StoredJob;

SqliteDatabase new_database() {
  auto database = SqliteDatabase::open("/rows", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "memdb");
  fuzz::require(database.has_value(), "there is a database");
  fuzz::require(prepare_schema(*database).has_value(), "there are tables");
  return *std::move(database);
}

SqliteDatabase& database() {
  static SqliteDatabase one = new_database();
  return one;
}

void execute(const char* sql) {
  const auto done = database().execute(sql);
  fuzz::require(done.has_value(), sql, done ? "" : done.error().text);
}

std::vector<StoredJob> read() {
  std::vector<StoredJob> jobs;
  const auto done = read_jobs(database(), [&](StoredJob&& job) { jobs.push_back(std::move(job)); });
  fuzz::require(done.has_value(), "rows can be read", done ? "" : done.error().text);
  return jobs;
}

std::string text_of(FuzzedDataProvider& input) {
  constexpr std::array words{"queued",  "running", "done",      "failed",    "ready",
                             "delayed", "backoff", "exhausted", "cancelled", ""};
  return input.ConsumeBool() ? input.PickValueInArray(words) : input.ConsumeRandomLengthString(300);
}

std::int64_t number_of(FuzzedDataProvider& input) {
  return input.ConsumeBool() ? input.ConsumeIntegralInRange<std::int64_t>(-2, 300)
                             : input.ConsumeIntegral<std::int64_t>();
}

/// Puts a row of any values into a table. `types` has a letter for each column: T a text, I a number, t and i
/// also NULL.
void fill(const std::string& table, std::string_view types, FuzzedDataProvider& input) {
  std::string sql = "INSERT INTO " + table + " VALUES (1";
  for (std::size_t i = 0; i < types.size(); ++i) sql += ",?";
  auto statement = database().prepare(sql + ")");
  fuzz::require(statement.has_value(), "a row fits its table", statement ? "" : statement.error().text);
  std::deque<std::string> texts;  // The statement refers to them.
  int parameter = 0;
  for (const char type : types) {
    ++parameter;
    if ((type == 't' || type == 'i') && input.ConsumeBool())
      statement->bind_null(parameter);
    else if (type == 'T' || type == 't')
      statement->bind(parameter, std::string_view(texts.emplace_back(text_of(input))));
    else
      statement->bind(parameter, number_of(input));
  }
  const auto done = statement->run();
  fuzz::require(done.has_value(), "the row is there", done ? "" : done.error().text);
}

void read_anything(FuzzedDataProvider& input) {
  fill("jobs", "TTTIIIIIIIt", input);
  if (input.ConsumeBool()) fill("progress", "TTIIIIIIttIiiit", input);
  for (const auto& job : read())
    fuzz::require(job.job.content.id().size() <= 255, "an id keeps its limit, sound or not");
}

base::WallTime time_of(FuzzedDataProvider& input) {
  return base::WallTime(base::milliseconds(input.ConsumeIntegral<std::int64_t>()));
}

JobRow job_of(FuzzedDataProvider& input) {
  JobRow row;
  row.number = 1;
  const auto id = input.ConsumeRandomLengthString(255);
  const auto payload = input.ConsumeRandomLengthString(600);
  const auto traceparent = input.ConsumeRandomLengthString(100);
  row.content = JobBytes(id, payload, traceparent);
  row.queue = input.ConsumeRandomLengthString(64);
  row.priority = input.ConsumeIntegral<std::int8_t>();
  row.max_retries = input.ConsumeIntegral<std::uint16_t>();
  row.timeout_ms = input.ConsumeIntegral<std::uint32_t>();
  row.enqueued_at = time_of(input);
  row.run_at = time_of(input);
  row.fingerprint = input.ConsumeIntegral<std::uint64_t>();
  return row;
}

bool same(const JobRow& one, const JobRow& other) {
  return one.number == other.number && one.content.id() == other.content.id() &&
         one.content.payload() == other.content.payload() &&
         one.content.traceparent() == other.content.traceparent() && one.queue == other.queue &&
         one.priority == other.priority && one.max_retries == other.max_retries &&
         one.timeout_ms == other.timeout_ms && one.enqueued_at == other.enqueued_at &&
         one.run_at == other.run_at && one.fingerprint == other.fingerprint;
}

/// One for each column but the number and the checksum. Every one of them changes the value for certain.
constexpr std::array changes{"id = id || 'x'",
                             "queue = queue || 'x'",
                             "payload = payload || 'x'",
                             "priority = priority + 1",
                             "max_retries = max_retries + 1",
                             "timeout_ms = timeout_ms + 1",
                             "enqueued_at = ~enqueued_at",
                             "run_at = ~run_at",
                             "fingerprint = ~fingerprint",
                             "traceparent = ifnull(traceparent, '') || 'x'"};

void write_and_change(FuzzedDataProvider& input) {
  const auto row = job_of(input);
  const std::string change = input.PickValueInArray(changes);
  auto writer = RowWriter::prepare(database());
  fuzz::require(writer.has_value(), "rows can be written");
  if (!writer->insert(row)) return;  // A second job with one id, say.
  const auto jobs = read();
  fuzz::require(jobs.size() == 1 && jobs.front().sound, "a row that was written is sound");
  fuzz::require(same(jobs.front().job, row), "a row is read as it was written");
  execute(("UPDATE jobs SET " + change).c_str());
  const auto changed = read();
  fuzz::require(changed.size() == 1 && !changed.front().sound, "a changed column is noticed", change);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  execute("BEGIN");
  if (input.ConsumeBool())
    read_anything(input);
  else
    write_and_change(input);
  execute("ROLLBACK");
  return 0;
}
