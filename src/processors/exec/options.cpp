#include "processors/exec/options.hpp"

#include <cerrno>
#include <system_error>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jobqd::processors::exec {

std::string program_fault(const std::string& path) {
  const auto because = [&path](int error) {
    return fmt::format("{}: {}", path, std::generic_category().message(error));
  };
  if (!path.starts_with('/')) return "the program must be an absolute path";
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) return because(errno);
  if (!S_ISREG(found.st_mode)) return fmt::format("{} is not a file", path);
  if (::access(path.c_str(), X_OK) != 0) return because(errno);
  return {};
}

}  // namespace jobqd::processors::exec
