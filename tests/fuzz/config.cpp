// A CONFIG file: it is refused in one line, or what it says is the same again when it is written down and
// read.

#include "app/settings/config.hpp"

#include <array>
#include <map>
#include <stdexcept>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/require.hpp"

namespace {

using namespace jobqd;

/// A file that is nowhere but in memory.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view content) : descriptor_(::memfd_create("config", 0)) {
    if (descriptor_ < 0 || ::write(descriptor_, content.data(), content.size()) < 0)
      throw std::runtime_error("no file in memory");
  }
  ~MemoryFile() { ::close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  [[nodiscard]] std::string path() const { return fmt::format("/proc/self/fd/{}", descriptor_); }

 private:
  int descriptor_;
};

using Settings = std::map<std::string, std::string, std::less<>>;

std::expected<app::Config, std::string> read(std::string_view file, const Settings& environment = {}) {
  const MemoryFile config(file);
  const auto path = config.path();
  const std::array arguments{"jobqd", "--config", path.c_str()};
  const auto value_of = [&](std::string_view name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::nullopt : std::optional(found->second);
  };
  auto command = app::read_command(arguments, value_of);
  if (!command) return std::unexpected(std::move(command.error()));
  return std::get<app::Serve>(*std::move(command)).config;
}

/// What describe() writes: settings as variables of the environment, then queues as TOML.
std::pair<Settings, std::string> parts_of(const std::string& description) {
  Settings settings;
  std::size_t from = 0;
  while (from < description.size() && description[from] != '\n') {
    const auto end = description.find('\n', from);
    const auto line = description.substr(from, end - from);
    const auto mark = line.find('=');
    fuzz::require(mark != std::string::npos, "a setting has a value", line);
    if (!line.starts_with("CONFIG=")) settings.emplace(line.substr(0, mark), line.substr(mark + 1));
    from = end + 1;
  }
  auto queues = description.substr(from);
  // For the default queue, which is the first, these two are settings.
  for (const std::string_view key : {"\nworkers = ", "\ncapacity = "})
    if (const auto at = queues.find(key); at < queues.find("[queues.", queues.find("[queues.") + 1))
      queues.erase(at, queues.find('\n', at + 1) - at);
  return {settings, queues};
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto config = read(fuzz::text_of(data, size));
  if (!config) {
    const auto& error = config.error();
    fuzz::require(!error.empty() && error.find('\n') == std::string::npos, "an error is one line", error);
    return 0;
  }
  const auto text = app::describe(*config);
  const auto [settings, queues] = parts_of(text);
  const auto again = read(queues, settings);
  fuzz::require(again.has_value(), "a description is a configuration",
                again.has_value() ? "" : again.error() + "\n" + text);
  fuzz::require_equal(text, app::describe(*again), "a description says all of it");
  return 0;
}
