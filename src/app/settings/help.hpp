#pragma once

#include <span>
#include <string>

#include <CLI/CLI.hpp>

#include <jobqd/processors/kind.hpp>

namespace jobqd::app {

/// Lays --help out for a terminal of 80 columns.
class HelpFormatter final : public CLI::Formatter {
 public:
  HelpFormatter() { column_width(name_columns); }

  std::string make_option_desc(const CLI::Option* option) const override;
  std::string make_subcommand(const CLI::App* subcommand) const override;

 private:
  static constexpr std::size_t name_columns = 28;
};

/// What follows the options: where settings come from, how a queue runs real work, and where to read on.
[[nodiscard]] std::string help_footer(std::span<const processors::ProcessorKind> kinds);

}  // namespace jobqd::app
