#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "processors/push/push.hpp"
#include "support/jobs.hpp"

namespace jobqd::processors::push {

/// Options for a receiver on this machine, with patient limits.
[[nodiscard]] Options options(std::string url);

/// The processor; throws where the options are wrong.
[[nodiscard]] std::unique_ptr<Push> made(Options options);

/// One attempt by a processor of its own.
[[nodiscard]] engine::Outcome push(Options options, std::stop_token stop = {},
                                   engine::Claim claim = support::new_claim("a"));

/// The outcome as it is kept, in one line: "done: 1", "retry: no answer", "interrupted".
[[nodiscard]] std::string description_of(engine::Outcome outcome);

}  // namespace jobqd::processors::push
