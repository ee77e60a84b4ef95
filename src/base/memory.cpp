#include <jobqd/base/memory.hpp>

#include <malloc.h>

namespace jobqd::base {

void give_free_memory_back() {
#ifdef __GLIBC__
  malloc_trim(0);  // Other libraries give it back by themselves.
#endif
}

}  // namespace jobqd::base
