#pragma once

#include <jobqd/processors/kind.hpp>

namespace jobqd::processors::push {

/// `processor = "http"`: pushes each attempt to a web service.
[[nodiscard]] ProcessorKind kind();

}  // namespace jobqd::processors::push
