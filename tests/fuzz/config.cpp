// A CONFIG file: it is refused in one line, or what it says is the same again when it is written down and
// read.

#include "app/settings/config.hpp"

#include <array>
#include <optional>
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

std::expected<app::Config, std::string> read(std::string_view file) {
  const MemoryFile config(file);
  const auto path = config.path();
  const std::array arguments{"jobqd", "--config", path.c_str()};
  auto command = app::read_command(arguments, [](std::string_view) { return std::nullopt; });
  if (!command) return std::unexpected(std::move(command.error()));
  return std::get<app::Serve>(*std::move(command)).config;
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
  const auto again = read(text);
  fuzz::require(again.has_value(), "a description is a configuration",
                again.has_value() ? "" : again.error() + "\n" + text);
  fuzz::require_equal(text, app::describe(*again), "a description says all of it");
  return 0;
}
