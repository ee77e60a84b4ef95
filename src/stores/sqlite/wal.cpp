#include "stores/sqlite/wal.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include <fmt/format.h>

namespace jobqd::stores::sqlite {

namespace {

using Bytes = std::span<const unsigned char>;
constexpr std::size_t header_size = 32;
constexpr std::size_t frame_header_size = 24;

std::uint32_t big_endian(Bytes bytes, std::size_t offset) {
  return std::uint32_t{bytes[offset]} << 24 | std::uint32_t{bytes[offset + 1]} << 16 |
         std::uint32_t{bytes[offset + 2]} << 8 | bytes[offset + 3];
}

/// Each checksum of the log continues the one before.
struct Checksum {
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  bool operator==(const Checksum&) const = default;

  static Checksum stored(Bytes bytes, std::size_t offset) {
    return {.first = big_endian(bytes, offset), .second = big_endian(bytes, offset + 4)};
  }

  void add(Bytes bytes, bool swapped) {
    for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
      std::array<std::uint32_t, 2> words{};
      std::memcpy(words.data(), bytes.data() + i, sizeof words);
      if (swapped)
        for (auto& word : words) word = __builtin_bswap32(word);
      first += words[0] + second;
      second += words[1] + first;
    }
  }
};

/// One generation of a log: what was written since SQLite last began at its start.
class Log {
 public:
  explicit Log(sqlite3_file* file) : file_(file) {
    sqlite3_int64 size = 0;
    if (file_->pMethods->xFileSize(file_, &size) == SQLITE_OK) size_ = static_cast<std::uint64_t>(size);
  }

  std::string damage() {
    if (size_ <= header_size || !read(0, header_)) return {};
    if (!header_fits()) return "its header does not fit its checksum";
    const auto page_size = big_endian(header_, 8);
    frame_.resize(frame_header_size + page_size);
    auto before = Checksum::stored(header_, 24);
    std::optional<Break> broken;
    int commits = 0;  // Readable ones in a row, behind the end that SQLite sees.
    for (std::uint64_t offset = header_size; offset + frame_.size() <= size_ && read(offset, frame_);
         offset += frame_.size()) {
      const bool fits = frame_fits(before);
      if (!fits && !broken) broken = Break{.offset = offset, .before = before};
      before = Checksum::stored(frame_, 16);
      if (!broken) continue;
      if (!fits) commits = 0;
      if (ours() && big_endian(frame_, 4) != 0) ++commits;
      if (commits < 2) continue;
      if (!is_written_now(*broken))
        return fmt::format("acknowledged changes up to its page {} cannot be read any more",
                           offset / frame_.size() + 1);
      offset = broken->offset;
      before = Checksum::stored(frame_, 16);
      broken.reset();
      commits = 0;
    }
    return {};
  }

  /// Whether a new generation has begun meanwhile, so that what was read does not belong together.
  [[nodiscard]] bool changed() {
    const auto was = header_;
    return !read(0, header_) || header_ != was;
  }

 private:
  /// The first frame that does not match, and the checksum that it should continue.
  struct Break {
    std::uint64_t offset;
    Checksum before;
  };

  /// Whether a daemon has written the frame since it was read. A frame that was missing or incomplete then is
  /// complete now, because two later commits are there, and each is synced before the next one begins.
  bool is_written_now(const Break& broken) {
    return read(broken.offset, frame_) && frame_fits(broken.before);
  }

  bool read(std::uint64_t offset, std::span<unsigned char> into) {
    return file_->pMethods->xRead(file_, into.data(), static_cast<int>(into.size()),
                                  static_cast<sqlite3_int64>(offset)) == SQLITE_OK;
  }

  bool header_fits() {
    constexpr std::uint32_t magic =
        0x377F0682;  // The lowest bit is set if checksums are over big-endian words.
    const auto found = big_endian(header_, 0);
    if ((found & ~1U) != magic) return false;
    swapped_ = ((found & 1U) != 0) != (std::endian::native == std::endian::big);
    const auto page_size = big_endian(header_, 8);
    Checksum sum;
    sum.add(Bytes(header_).first(24), swapped_);
    return sum == Checksum::stored(header_, 24) && std::has_single_bit(page_size) && page_size <= 65536;
  }

  /// Whether the frame was written in this generation.
  [[nodiscard]] bool ours() const {
    return std::equal(header_.begin() + 16, header_.begin() + 24, frame_.begin() + 8);
  }

  [[nodiscard]] bool frame_fits(Checksum before) const {
    if (!ours()) return false;
    before.add(Bytes(frame_).first(8), swapped_);
    before.add(Bytes(frame_).subspan(frame_header_size), swapped_);
    return before == Checksum::stored(frame_, 16);
  }

  sqlite3_file* file_;
  std::uint64_t size_ = 0;
  bool swapped_ = false;
  std::array<unsigned char, header_size> header_{};
  std::vector<unsigned char> frame_;
};

/// SQLite's handle of the log; nullptr if the log is not open.
sqlite3_file* log_file(SqliteDatabase& database) {
  sqlite3_file* file = nullptr;
  sqlite3_file_control(database.get(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &file);
  return file == nullptr || file->pMethods == nullptr ? nullptr : file;
}

}  // namespace

std::string damage_of_log(SqliteDatabase& database) {
  sqlite3_file* file = log_file(database);
  if (file == nullptr) return {};
  for (int i = 0; i < 3; ++i) {
    Log log(file);
    auto damage = log.damage();
    if (damage.empty() || !log.changed())
      return damage.empty() ? damage : fmt::format("the write-ahead log is damaged: {}", damage);
  }
  return {};
}

void lengthen_log(SqliteDatabase& database, std::int64_t bytes) {
  sqlite3_file* file = log_file(database);
  sqlite3_int64 size = 0;
  if (file == nullptr || file->pMethods->xFileSize(file, &size) != SQLITE_OK || size >= bytes) return;
  // SQLite's unix VFS writes at most 128 KiB at once.
  static constexpr std::array<char, 64UL * 1024> zeros{};
  for (std::int64_t written = 0; size < bytes; size += written) {
    written = std::min<std::int64_t>(bytes - size, zeros.size());
    if (file->pMethods->xWrite(file, zeros.data(), static_cast<int>(written), size) != SQLITE_OK) return;
  }
}

}  // namespace jobqd::stores::sqlite
