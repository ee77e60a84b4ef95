#pragma once

#include <jobqd/processors/kind.hpp>

namespace jobqd::processors::exec {

/// `processor = "exec"`: runs a program for each attempt.
[[nodiscard]] ProcessorKind kind();

}  // namespace jobqd::processors::exec
