#include "app/settings/help.hpp"

#include <algorithm>
#include <sstream>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace jobqd::app {

namespace {

constexpr std::size_t columns = 80;

/// Breaks lines between words, so that none is longer than `width`, where words allow it.
std::string wrapped(std::string_view text, std::size_t width) {
  std::string lines;
  std::size_t used = 0;
  while (!text.empty()) {
    const auto word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    const bool fits = used + 1 + word.size() <= width;
    if (used > 0) lines += fits ? ' ' : '\n';
    used = used > 0 && fits ? used + 1 + word.size() : word.size();
    lines += word;
  }
  return lines;
}

}  // namespace

std::string HelpFormatter::make_option_desc(const CLI::Option* option) const {
  return wrapped(CLI::Formatter::make_option_desc(option), columns - name_columns);
}

std::string HelpFormatter::make_subcommand(const CLI::App* subcommand) const {
  std::ostringstream out;
  CLI::detail::format_help(out, subcommand->get_name(),
                           wrapped(subcommand->get_description(), columns - name_columns), name_columns);
  return out.str();
}

std::string help_footer(std::span<const processors::ProcessorKind> kinds) {
  std::vector<std::string_view> names;
  for (const auto& kind : kinds) names.push_back(kind.name);
  const auto queues = fmt::format(
      "The queue \"default\" only simulates work until it has another processor. Queues and their processors "
      "({}) are tables of the CONFIG file:",
      fmt::join(names, ", "));
  return fmt::format(
      "Each flag is also an environment variable (--queue-size: QUEUE_SIZE) and a key\n"
      "of the CONFIG file (queue_size). Flags beat the environment, the environment\n"
      "beats the file. Durations: 250ms, 30s, 5m, 1h30m. Sizes: 64KiB, 1MiB.\n\n"
      "{}\n\n"
      "  [queues.mail]\n"
      "  processor = \"exec\"\n"
      "  command = [\"/usr/local/bin/send-mail\"]\n\n"
      "docs/operations.md has all keys of a queue, docs/http-api.md all HTTP calls.",
      wrapped(queues, columns));
}

}  // namespace jobqd::app
