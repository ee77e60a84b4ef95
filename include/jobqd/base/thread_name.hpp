#pragma once

#include <string>

namespace jobqd::base {

/// Names the calling thread for ps, top, gdb and profiles; cut to the 15 bytes that Linux keeps.
void name_this_thread(const std::string& name);

}  // namespace jobqd::base
