#include "processors/push/watched_file.hpp"

#include <cerrno>
#include <system_error>

#include <fmt/format.h>
#include <sys/stat.h>

namespace jobqd::processors::push {

std::vector<std::string> WatchedFile::look(const Take& take) {
  std::vector<std::string> news;
  std::string fault;
  struct stat found{};
  if (::stat(path_.c_str(), &found) != 0) {  // Of the target where the path is a link.
    fault = fmt::format("{}: {}", path_, std::generic_category().message(errno));
  } else {
    const Identity identity{.device = found.st_dev,
                            .inode = found.st_ino,
                            .size = found.st_size,
                            .modified_s = found.st_mtim.tv_sec,
                            .modified_ns = found.st_mtim.tv_nsec};
    if (identity != taken_) fault = take(path_);
    // What cannot be taken is tried again with every look: it may be half written.
    if (fault.empty()) taken_ = identity;
    const bool open = readers_ == Readers::no_others && (found.st_mode & S_IROTH) != 0;
    if (open && !others_may_read_)
      news.push_back(
          fmt::format("{}: every user may read it (mode {:04o})", path_, found.st_mode & ALLPERMS));
    others_may_read_ = open;
  }
  if (!fault.empty() && fault != fault_) news.push_back(fault);
  fault_ = std::move(fault);
  return news;
}

}  // namespace jobqd::processors::push
