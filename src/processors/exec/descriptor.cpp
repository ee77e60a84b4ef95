#include "processors/exec/descriptor.hpp"

#include <unistd.h>

namespace jobqd::processors::exec {

void Descriptor::close() {
  if (is_open()) ::close(release());
}

}  // namespace jobqd::processors::exec
