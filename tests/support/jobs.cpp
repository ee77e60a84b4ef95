#include "support/jobs.hpp"

#include <utility>

namespace jobqd::support {

domain::NewJob new_job(std::string id) {
  return {.id = std::move(id), .payload = R"({"n":1})"};
}

engine::Claim new_claim(std::string id) {
  return {.token = 1,
          .id = std::move(id),
          .queue = "default",
          .payload = R"({"n":1})",
          .stop = std::make_shared<engine::StopSignal>()};
}

}  // namespace jobqd::support
