#pragma once

#include <jobqd/processors/kind.hpp>

namespace jobqd::processors::simulate {

/// `processor = "simulate"`: pretends to work.
[[nodiscard]] ProcessorKind kind();

}  // namespace jobqd::processors::simulate
