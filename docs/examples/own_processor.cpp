// A daemon with a kind of processors of its own: everything that jobqd does, and queues with
// processor = "reverse".

#include <algorithm>
#include <memory>
#include <string>

#include <jobqd/app/run.hpp>

namespace {

using jobqd::processors::ProcessorContext;
using jobqd::processors::ProcessorKind;

/// Turns a string around.
class Reverse final : public jobqd::engine::Processor {
 public:
  explicit Reverse(std::size_t longest) : longest_(longest) {}

  jobqd::engine::Outcome process(const jobqd::engine::Claim& claim, std::stop_token /*stop*/) override {
    std::string text = claim.payload;  // JSON, as it was enqueued
    if (text.size() < 2 || text.front() != '"')
      return jobqd::engine::Fail{.error = "the payload is no string"};
    if (text.size() - 2 > longest_) return jobqd::engine::Fail{.error = "the payload is too long"};
    std::reverse(text.begin() + 1, text.end() - 1);
    return jobqd::engine::Done{.result = text};
  }

 private:
  const std::size_t longest_;
};

/// What `processor = "reverse"` is, and the keys that its queues have.
ProcessorKind reverse() {
  return {.name = "reverse",
          .keys = {{.name = "reverse.longest",
                    .allowed = "a size from 1B to 1MiB",
                    .type = jobqd::processors::Size{.low = 1, .high = 1024UL * 1024},
                    .standard = {"64KiB"}}},
          .make = [](const ProcessorContext& context) {
            std::size_t longest = 0;
            context.values.get("reverse.longest", longest);
            return std::make_unique<Reverse>(longest);
          }};
}

}  // namespace

int main(int argc, char** argv) {
  return jobqd::app::run(argc, argv, {reverse()});
}
