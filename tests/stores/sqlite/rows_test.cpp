#include "stores/sqlite/rows.hpp"

#include <cstring>
#include <string>

#include <gtest/gtest.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "stores/faults/fault_vfs.hpp"
#include "stores/journal/rows.hpp"
#include "stores/sqlite/schema.hpp"

namespace jobqd::stores::sqlite {

namespace {

/// The bytes that the checksum of a row covers.
class Columns {
 public:
  Columns& operator<<(std::int64_t number) {
    bytes_.append(reinterpret_cast<const char*>(&number), sizeof number);
    return *this;
  }
  Columns& operator<<(std::string_view text) {
    *this << static_cast<std::int64_t>(text.size());
    bytes_ += text;
    return *this;
  }
  [[nodiscard]] std::int64_t checksum() const {
    return static_cast<std::int64_t>(XXH3_64bits(bytes_.data(), bytes_.size()));
  }

 private:
  std::string bytes_;
};

}  // namespace

// Files are read by later versions, so the checksum of a row may never be another one.
TEST(RowsTest, TheChecksumOfAJobIsXxh3OverItsColumns) {
  const FaultVfs vfs;
  auto database =
      SqliteDatabase::open("/jobs.db", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs.name()).value();
  prepare_schema(database).value();
  auto writer = RowWriter::prepare(database).value();
  std::uint64_t number = 0;
  // Shorter than what is hashed at once, as long, longer, and much longer.
  for (const std::size_t size : {2UL, 100UL, 350UL, 400UL, 401UL, 402UL, 403UL, 404UL, 405UL, 406UL, 407UL,
                                 408UL, 450UL, 511UL, 512UL, 513UL, 5000UL, 200'000UL}) {
    const auto payload = '"' + std::string(size - 2, 'x') + '"';
    auto row = journal::job_row(++number);
    row.content = journal::JobBytes("id", payload, "");
    writer.insert(row).value();
    Columns columns;
    columns << static_cast<std::int64_t>(number) << "id" << std::string_view(row.queue) << payload
            << std::int64_t{row.priority} << std::int64_t{row.max_retries} << std::int64_t{row.timeout_ms}
            << row.enqueued_at.time_since_epoch().count() << row.run_at.time_since_epoch().count()
            << static_cast<std::int64_t>(row.fingerprint);
    EXPECT_EQ(database.query_integer("SELECT checksum FROM jobs ORDER BY number DESC LIMIT 1").value(),
              columns.checksum())
        << "payload of " << size << " bytes";
  }
  std::uint64_t read = 0;
  read_jobs(database, [&](const journal::StoredJob& stored) {
    EXPECT_TRUE(stored.sound) << stored.job.content.payload().size();
    ++read;
  }).value();
  EXPECT_EQ(read, number);
}

}  // namespace jobqd::stores::sqlite
