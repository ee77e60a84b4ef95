// A daemon with a processor of its own: everything that jobqd does, and queues with processor = "reverse".

#include <algorithm>
#include <memory>
#include <string>

#include <jobqd/app/run.hpp>

namespace {

/// Turns a string around.
class Reverse final : public jobqd::engine::Processor {
 public:
  jobqd::engine::Outcome process(const jobqd::engine::Claim& claim, std::stop_token /*stop*/) override {
    std::string text = claim.payload;  // JSON, as it was enqueued
    if (text.size() < 2 || text.front() != '"')
      return jobqd::engine::Fail{.error = "the payload is no string"};
    std::reverse(text.begin() + 1, text.end() - 1);
    return jobqd::engine::Done{.result = text};
  }
};

}  // namespace

int main(int argc, char** argv) {
  return jobqd::app::run(argc, argv,
                         {{"reverse", [](const auto& /*queue*/) { return std::make_unique<Reverse>(); }}});
}
