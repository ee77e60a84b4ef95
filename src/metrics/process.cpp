#include "metrics/process.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>
#include <system_error>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include <jobqd/base/number.hpp>

namespace jobqd::metrics {

namespace {

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The fields of /proc/self/stat from the third on: the second one, the name, may hold blanks.
/// Source: proc_pid_stat(5).
class Stat {
 public:
  explicit Stat(const std::string& text) {
    const auto name_end = text.rfind(')');
    if (name_end == std::string::npos) return;
    std::istringstream rest(text.substr(name_end + 1));
    fields_.assign(std::istream_iterator<std::string>(rest), {});
  }

  /// By its number in the manual.
  [[nodiscard]] std::optional<std::uint64_t> field(std::size_t number) const {
    constexpr std::size_t first = 3;
    if (number - first >= fields_.size()) return std::nullopt;
    return base::parse_number<std::uint64_t>(fields_[number - first]);
  }

 private:
  std::vector<std::string> fields_;
};

/// When the machine was started, in seconds since 1970. Slow: the kernel makes the whole file for it.
std::optional<std::uint64_t> boot_time() {
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line);) {
    constexpr std::string_view key = "btime ";
    if (line.starts_with(key)) return base::parse_number<std::uint64_t>(line.substr(key.size()));
  }
  return std::nullopt;
}

std::optional<std::uint64_t> count_entries(const std::string& folder) {
  std::error_code error;
  std::uint64_t entries = 0;
  for (std::filesystem::directory_iterator entry(folder, error);
       !error && entry != std::filesystem::end(entry); entry.increment(error))
    ++entries;
  return error ? std::nullopt : std::optional(entries);
}

}  // namespace

ProcessFigures read_process_figures() {
  ProcessFigures figures;
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const Stat stat(content_of("/proc/self/stat"));
  if (const auto user = stat.field(14), system = stat.field(15); user && system)
    figures.cpu_seconds = static_cast<double>(*user + *system) / ticks;
  static const auto booted = boot_time();
  if (const auto started = stat.field(22); booted && started)
    figures.start_time = static_cast<double>(*booted) + static_cast<double>(*started) / ticks;
  figures.virtual_bytes = stat.field(23);
  if (const auto pages = stat.field(24))
    figures.resident_bytes = *pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  // The one that counts them is open meanwhile.
  if (const auto open = count_entries("/proc/self/fd"); open && *open > 0)
    figures.open_descriptors = *open - 1;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) figures.most_descriptors = limit.rlim_cur;
  return figures;
}

}  // namespace jobqd::metrics
