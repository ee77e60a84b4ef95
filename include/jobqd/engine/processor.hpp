#pragma once

#include <memory>
#include <stop_token>

#include <jobqd/engine/claim.hpp>
#include <jobqd/engine/files.hpp>
#include <jobqd/engine/resolution.hpp>

namespace jobqd::engine {

/// Does the work of one queue.
class Processor {
 public:
  virtual ~Processor() = default;

  /// Runs one attempt and returns its outcome. Called by many workers at once. Returns soon after `stop` is
  /// requested, with Interrupted unless the work was finished anyway. An exception counts as Retry with
  /// the exception's message.
  [[nodiscard]] virtual Outcome process(const Claim& claim, std::stop_token stop) = 0;

  /// The files that it was made of, which are looked at again and again, and may be after its end; null:
  /// none.
  [[nodiscard]] virtual std::shared_ptr<Files> files() { return nullptr; }
};

}  // namespace jobqd::engine
