// The kinds of processors that jobqd has.

#include <jobqd/processors/kind.hpp>

#include "processors/exec/kind.hpp"
#include "processors/push/kind.hpp"
#include "processors/simulate/kind.hpp"

namespace jobqd::processors {

std::span<const ProcessorKind> built_in_kinds() {
  static const std::vector<ProcessorKind> kinds{
      simulate::kind(), exec::kind(), push::kind(), {.name = "remote"}};
  return kinds;
}

}  // namespace jobqd::processors
