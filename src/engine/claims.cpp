#include <jobqd/engine/claims.hpp>

#include <atomic>

namespace jobqd::engine {

WaitId new_wait_id() {
  static std::atomic<WaitId> last{0};
  return ++last;
}

}  // namespace jobqd::engine
