#include <jobqd/base/small_file.hpp>

#include <array>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jobqd/base/size.hpp>

namespace jobqd::base {

namespace {

using Content = std::expected<std::string, std::string>;

Content because(int error) {
  return std::unexpected(std::generic_category().message(error));
}

Content read_all(int file, std::size_t most) {
  struct stat found{};
  if (::fstat(file, &found) != 0) return because(errno);
  if (S_ISDIR(found.st_mode)) return because(EISDIR);
  if (!S_ISREG(found.st_mode)) return std::unexpected("it is not a file");
  std::string content;
  std::array<char, 4096> piece{};
  while (true) {  // Up to the end, whatever size the file had: it may be one of /proc, or grow.
    const auto got = ::read(file, piece.data(), piece.size());
    if (got == 0) return content;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return because(errno);
    content.append(piece.data(), static_cast<std::size_t>(got));
    if (content.size() > most) return std::unexpected(fmt::format("it is larger than {}", format_size(most)));
  }
}

}  // namespace

Content read_small_file(const std::string& path, std::size_t most) {
  // O_NONBLOCK: opening a FIFO returns at once. A regular file is read as without it.
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) return because(errno);
  auto content = read_all(file, most);
  ::close(file);
  return content;
}

}  // namespace jobqd::base
