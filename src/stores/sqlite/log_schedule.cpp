#include "stores/sqlite/log_schedule.hpp"

#include <algorithm>
#include <utility>

namespace jobqd::stores::sqlite {

bool LogSchedule::space_check_due(int pages) {
  const bool begun_anew = pages < std::exchange(last_pages_, pages);
  return begun_anew || pages >= next_space_check_page_;
}

LogUpkeep LogSchedule::after_space_check(int pages, std::uint64_t free) {
  const auto needed = static_cast<std::uint64_t>(pages);
  if (free < needed) return {.checkpoint = LogUpkeep::Checkpoint::truncate};
  const auto ahead = static_cast<int>(std::min((free - needed) / 2, most_pages_between_checks));
  next_space_check_page_ = pages + ahead;
  auto upkeep = after_commit(pages);
  if (ahead == most_pages_between_checks) upkeep.lengthen_to = next_space_check_page_ + ahead;
  return upkeep;
}

LogUpkeep LogSchedule::after_commit(int pages) const {
  return {.checkpoint =
              pages >= checkpoint_pages_ ? LogUpkeep::Checkpoint::passive : LogUpkeep::Checkpoint::none};
}

}  // namespace jobqd::stores::sqlite
