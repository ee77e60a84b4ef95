#include "app/logging/admin_log.hpp"

namespace jobqd::app {

void AdminLog::admin_changed(const http::AdminChange& change) {
  log_.write_admin(
      LogLevel::info, "admin",
      {{"action", change.action}, {"target", change.target}, {"count", change.count}, {"from", change.peer}});
}

}  // namespace jobqd::app
