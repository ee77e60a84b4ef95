#include "processors/shortage.hpp"

#include <cerrno>
#include <utility>

namespace jobqd::processors {

bool is_shortage(int error) {
  return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS;
}

engine::Unstarted unstarted(std::string why) {
  constexpr base::milliseconds pause{1'000};
  return {.why = std::move(why), .pause = pause};
}

}  // namespace jobqd::processors
