#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <variant>

#include <jobqd/engine/claim.hpp>

namespace jobqd::engine {

/// The attempt did its work. `result` is JSON text, at most limits::result_bytes.
struct Done {
  std::optional<std::string> result = {};
};

/// The attempt failed and may succeed later; `after` overrides the backoff.
struct Retry {
  std::string error;
  std::optional<base::milliseconds> after = {};
};

/// Whom the work is for asks to come again after `after`, and not before the backoff. No failure and no retry
/// spent, but for limits::deferrals of them: what comes then is a Retry.
struct Defer {
  std::string error;
  base::milliseconds after;
};

/// The attempt failed and trying again is pointless.
struct Fail {
  std::string error;
};

/// The attempt gave up because it was asked to stop. No failure.
struct Interrupted {};

using Outcome = std::variant<Done, Retry, Defer, Fail, Interrupted>;

/// Does the work of one queue.
class Processor {
 public:
  virtual ~Processor() = default;

  /// Runs one attempt and returns what became of it. Called by many workers at once. Returns soon after
  /// `stop` is requested, with Interrupted unless the work was finished all the same. What it throws counts
  /// as Retry with the exception's message.
  [[nodiscard]] virtual Outcome process(const Claim& claim, std::stop_token stop) = 0;
};

}  // namespace jobqd::engine
