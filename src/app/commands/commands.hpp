#pragma once

#include <expected>
#include <string>

#include <jobqd/app/config.hpp>

namespace jobqd::app {

/// What a command that does not serve has to say.
struct Answer {
  std::string text;  ///< For standard output.
  int exit_code = 0;
};

/// Carries out any command but Serve. The error is one line, for exit code 1.
[[nodiscard]] std::expected<Answer, std::string> answer(const Command& command);

}  // namespace jobqd::app
