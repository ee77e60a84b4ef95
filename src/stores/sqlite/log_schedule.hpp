#pragma once

#include <cstdint>
#include <limits>

namespace jobqd::stores::sqlite {

/// What the write-ahead log needs after a commit. Sizes are in pages.
struct LogUpkeep {
  enum class Checkpoint : std::uint8_t {
    none,
    passive,   ///< Copy what can be copied; the log begins anew with a later write.
    truncate,  ///< Copy all of it and give its room back.
  };
  Checkpoint checkpoint = Checkpoint::none;
  int lengthen_to = 0;  ///< The file is to be made this long; 0: stays as it is.
  bool operator==(const LogUpkeep&) const = default;
};

/// Decides when the write-ahead log is copied into the database, when the free space is looked at and how far
/// ahead of the log its file is kept. Pure: it does no I/O.
///
/// 1. A checkpoint may make the database grow by as much as the log holds. So there is one while the free
/// space
///    still suffices for it: where it does not, the log is copied and truncated at once, and the log alone
///    never fills a disk.
/// 2. The free space is looked at again once the log may have used up half of what was to spare, and after
///    at most `most_pages_between_checks`, because others use the disk too.
/// 3. Where there is plenty of space, the file is kept long enough for the log until the check after the next
///    one, so that commits overwrite what the file has already: see decision 0014.
/// 4. A log beyond `checkpoint_pages` is copied after every commit, until the checkpoint has copied all of it
///    and the log begins anew.
class LogSchedule {
 public:
  static constexpr std::uint64_t most_pages_between_checks = 64;  // 256 KiB
  static constexpr std::uint64_t unknown_space = std::numeric_limits<std::uint64_t>::max();

  explicit LogSchedule(int checkpoint_pages) : checkpoint_pages_(checkpoint_pages) {}

  /// Whether the free space is due to be looked at, now that the log holds `pages`. Once after each commit.
  [[nodiscard]] bool space_check_due(int pages);

  /// After a space check that found `free` pages, or unknown_space.
  [[nodiscard]] LogUpkeep after_space_check(int pages, std::uint64_t free);

  /// After a commit for which no space check was due.
  [[nodiscard]] LogUpkeep after_commit(int pages) const;

 private:
  const int checkpoint_pages_;
  int last_pages_ = 0;             ///< At the last commit; a smaller log since has begun anew.
  int next_space_check_page_ = 0;  ///< The space is looked at again when the log is as long.
};

}  // namespace jobqd::stores::sqlite
