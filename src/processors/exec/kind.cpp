#include "processors/exec/kind.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include <jobqd/base/size.hpp>

#include "processors/exec/exec.hpp"
#include "processors/exec/options.hpp"

namespace jobqd::processors::exec {

namespace {

using std::chrono::hours;
using std::chrono::seconds;

bool is_name(const std::string& text) {
  return !text.empty() && !text.contains('=') && !text.contains('\0');
}

std::string command_fault(Texts command) {
  if (command.empty()) return "the list is empty";
  if (!command.front().starts_with('/')) return "the program must be an absolute path";
  return std::ranges::any_of(command, [](const auto& text) { return text.contains('\0'); })
             ? "an argument cannot hold a NUL byte"
             : "";
}

std::string folder_fault(Texts folder) {
  std::error_code ignored;
  return std::filesystem::is_directory(folder.front(), ignored) ? "" : "there is no such folder";
}

std::vector<Key> keys() {
  return {
      {.name = "command",
       .allowed = "a list: the absolute path of a program that can be run, and its arguments",
       .is_list = true,
       .is_required = true,
       .fault = command_fault,
       .surroundings_fault = [](Texts command) { return program_fault(command.front()); }},
      {.name = "env",
       .allowed = "a list of names of environment variables",
       .is_list = true,
       .fault = [](Texts names) { return std::ranges::all_of(names, is_name) ? "" : "one is no name"; }},
      {.name = "working_directory",
       .allowed = "the absolute path of a folder",
       .standard = {"/"},
       .fault = [](Texts folder) { return folder.front().starts_with('/') ? "" : "the path is relative"; },
       .surroundings_fault = folder_fault},
      {.name = "max_memory",
       .allowed = "a size from 1MiB to 1024GiB",
       .type = Size{.low = base::mib, .high = 1024 * base::gib}},
      {.name = "max_cpu",
       .allowed = "a duration from 1s to 24h",
       .type = Duration{.low = seconds{1}, .high = hours{24}}}};
}

Options options_of(const KeyValues& values) {
  Options options;
  values.get("command", options.command);
  values.get("env", options.env);
  values.get("working_directory", options.working_directory);
  values.get("max_memory", options.max_memory);
  values.get("max_cpu", options.max_cpu);
  return options;
}

}  // namespace

ProcessorKind kind() {
  // While a program starts: four pipes, an eventfd and a timer.
  constexpr std::size_t descriptors = 10;
  return {.name = "exec",
          .keys = keys(),
          .descriptors = descriptors,
          .make = [](const ProcessorContext& context) {
            return std::make_unique<Exec>(options_of(context.values));
          }};
}

}  // namespace jobqd::processors::exec
