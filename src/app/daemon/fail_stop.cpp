#include "app/daemon/fail_stop.hpp"

#include <unistd.h>

namespace jobqd::app {

void FailStop::store_lost(std::string_view /*why*/) {
  log_.drain();
  _exit(1);
}

}  // namespace jobqd::app
