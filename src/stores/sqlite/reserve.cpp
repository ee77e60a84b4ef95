#include "stores/sqlite/reserve.hpp"

#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jobqd::stores::sqlite {

bool Reserve::take() {
  if (held_) return true;
  // O_NONBLOCK: whatever has this name, a FIFO for example, opening it returns at once.
  const int descriptor = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
  if (descriptor < 0) return false;
  struct stat found{};
  const bool ours = ::fstat(descriptor, &found) == 0 && S_ISREG(found.st_mode) && found.st_nlink == 1 &&
                    (found.st_size == 0 || std::cmp_equal(found.st_size, bytes));
  held_ = ours && ::posix_fallocate(descriptor, 0, static_cast<off_t>(bytes)) == 0;
  // An empty file, or one that was allocated in part.
  if (ours && !held_) ::unlink(path_.c_str());
  ::close(descriptor);
  return held_;
}

bool Reserve::give_up() {
  if (!std::exchange(held_, false)) return false;
  return ::unlink(path_.c_str()) == 0;
}

bool Reserve::is_left() const {
  struct stat found{};
  return ::lstat(path_.c_str(), &found) == 0 && S_ISREG(found.st_mode) &&
         std::cmp_equal(found.st_size, bytes);
}

}  // namespace jobqd::stores::sqlite
