#include "app/settings/memory_budget.hpp"

#include <algorithm>
#include <string_view>

#include <jobqd/base/number.hpp>
#include <jobqd/base/size.hpp>
#include <jobqd/base/small_file.hpp>

#include "app/settings/values.hpp"

namespace jobqd::app {

namespace {

constexpr std::size_t most_file_bytes = 64 * base::kib;

/// The text up to the separator, which is taken away with it.
std::string_view take_until(std::string_view& text, char separator) {
  const auto part = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(part.size() + 1, text.size()));
  return part;
}

std::string content_of(const std::string& path) {
  return base::read_small_file(path, most_file_bytes).value_or("");
}

std::optional<std::size_t> less(std::optional<std::size_t> a, std::optional<std::size_t> b) {
  return a && b ? std::min(*a, *b) : a ? a : b;
}

/// MemTotal, which is in kB: units of 1024 bytes.
std::optional<std::size_t> machine_memory(const std::string& root) {
  const auto content = content_of(root + "/proc/meminfo");
  std::string_view left = content;
  while (!left.empty()) {
    auto line = take_until(left, '\n');
    if (take_until(line, ':') != "MemTotal") continue;
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    const auto kib = base::parse_number<std::size_t>(take_until(line, ' '));
    return kib ? std::optional(*kib * base::kib) : std::nullopt;
  }
  return std::nullopt;
}

/// The least limit of the cgroup at `path` and of those above it, up to `top`. Without one, it is "max".
std::optional<std::size_t> limit_of(const std::string& top, std::string path, std::string_view file) {
  std::optional<std::size_t> limit;
  while (true) {
    const auto content = content_of(top + path + "/" + std::string(file));
    limit =
        less(limit, base::parse_number<std::size_t>(std::string_view(content).substr(0, content.find('\n'))));
    if (path.empty()) return limit;
    path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
  }
}

}  // namespace

std::optional<std::size_t> usable_memory(const std::string& root) {
  auto memory = machine_memory(root);
  const auto content = content_of(root + "/proc/self/cgroup");
  std::string_view left = content;
  while (!left.empty()) {  // Each line is number:controllers:path; those of version 2 have no controllers.
    auto line = take_until(left, '\n');
    take_until(line, ':');
    auto controllers = take_until(line, ':');
    const std::string path(line);
    if (controllers.empty()) memory = less(memory, limit_of(root + "/sys/fs/cgroup", path, "memory.max"));
    while (!controllers.empty())
      if (take_until(controllers, ',') == "memory")
        memory = less(memory, limit_of(root + "/sys/fs/cgroup/memory", path, "memory.limit_in_bytes"));
  }
  return memory;
}

std::size_t automatic_memory_budget(std::optional<std::size_t> usable) {
  if (!usable) return 256 * base::mib;
  return std::clamp(*usable / 4, least_memory_budget, base::gib);
}

}  // namespace jobqd::app
