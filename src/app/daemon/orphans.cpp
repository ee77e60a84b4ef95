#include "app/daemon/orphans.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace jobqd::app {

bool adopts_orphans() {
  int is_subreaper = 0;
  ::prctl(PR_GET_CHILD_SUBREAPER, &is_subreaper);
  return ::getpid() == 1 || is_subreaper != 0;
}

void reap_orphans() {
  siginfo_t end{};
  do {
    end.si_pid = 0;  // It stays so where no child has ended.
  } while (::waitid(P_ALL, 0, &end, WEXITED | WNOHANG | __WNOTHREAD) == 0 && end.si_pid != 0);
}

}  // namespace jobqd::app
