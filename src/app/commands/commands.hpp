#pragma once

#include <expected>
#include <string>

#include "app/settings/config.hpp"

namespace jobqd::app {

/// The result of a command other than Serve.
struct Answer {
  std::string text;  ///< For standard output.
  int exit_code = 0;
};

/// Runs any command except Serve. The error is one line, for exit code 1.
[[nodiscard]] std::expected<Answer, std::string> answer(const Command& command);

}  // namespace jobqd::app
