#include <jobqd/base/watched_files.hpp>

#include <cerrno>
#include <system_error>

#include <fmt/format.h>
#include <sys/stat.h>

namespace jobqd::base {

WatchedFiles::WatchedFiles(std::vector<File> files) {
  files_.reserve(files.size());
  for (auto& file : files) files_.push_back({.file = std::move(file)});
}

std::vector<std::string> WatchedFiles::look(const Take& take) {
  std::vector<std::string> news;
  std::vector<Identity> found;
  std::string fault;
  bool changed = false;
  for (auto& [file, taken, others_may_read] : files_) {
    struct stat present{};
    if (::stat(file.path.c_str(), &present) != 0) {  // Of the target where the path is a link.
      fault = fmt::format("{}: {}", file.path, std::generic_category().message(errno));
      break;
    }
    found.push_back({.device = present.st_dev,
                     .inode = present.st_ino,
                     .size = present.st_size,
                     .modified_s = present.st_mtim.tv_sec,
                     .modified_ns = present.st_mtim.tv_nsec});
    changed = changed || found.back() != taken;
    const bool open = file.readers == Readers::no_others && (present.st_mode & S_IROTH) != 0;
    if (open && !others_may_read)
      news.push_back(
          fmt::format("{}: every user may read it (mode {:04o})", file.path, present.st_mode & ALLPERMS));
    others_may_read = open;
  }
  if (fault.empty() && changed) fault = take();
  // What cannot be taken is tried again with every look: it may be half written.
  if (fault.empty())
    for (std::size_t i = 0; i < files_.size(); ++i) files_[i].taken = found[i];
  if (!fault.empty() && fault != fault_) news.push_back(fault);
  fault_ = std::move(fault);
  return news;
}

}  // namespace jobqd::base
