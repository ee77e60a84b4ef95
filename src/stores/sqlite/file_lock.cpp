#include "stores/sqlite/file_lock.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jobqd::stores::sqlite {

std::expected<std::unique_ptr<FileLock>, std::string> FileLock::take(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0)
    return std::unexpected(errno == ELOOP ? std::string("it is a symbolic link")
                                          : std::generic_category().message(errno));
  auto lock = std::unique_ptr<FileLock>(new FileLock(descriptor));
  struct stat found{};
  if (::fstat(descriptor, &found) != 0 || !S_ISREG(found.st_mode))
    return std::unexpected("it is not a regular file");
  if (found.st_nlink > 1)
    return std::unexpected(
        "it has a second name, a hard link, beside which a log may lie that belongs to it; copy the file "
        "instead");
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) return std::unexpected("another jobqd is running on it");
  return lock;
}

FileLock::~FileLock() {
  ::close(descriptor_);
}

}  // namespace jobqd::stores::sqlite
