#pragma once

#include <expected>
#include <memory>
#include <string>

#include <jobqd/base/clock.hpp>
#include <jobqd/engine/processor.hpp>

#include "processors/push/options.hpp"

namespace jobqd::processors::push {

/// Pushes each attempt to a web service: one POST with the payload as its body.
///
/// 2xx is success, and the body is the result; outcome_of() says what other answers mean. Every failure to
/// get an answer is a failed attempt that may be retried. Retry-After sets the time of the next one, and on
/// 429 and 503 no retry is spent. Redirects are not followed. With secrets the request is signed as Standard
/// Webhooks 1.0 defines.
///
/// The host name is looked up once per connection. If any of its addresses is denied (loopback, private and
/// other special networks that Options::allow_networks does not name), none is used. TLS is 1.2 or 1.3;
/// certificate and host name are verified. Connections are kept for later attempts.
///
/// Thread-safe. A stop ends an attempt at once.
class Push final : public engine::Processor {
 public:
  /// The error is one line: what is wrong with the options. `clock` outlives the processor.
  [[nodiscard]] static std::expected<std::unique_ptr<Push>, std::string> make(Options options,
                                                                              const base::Clock& clock);
  ~Push() override;

  [[nodiscard]] engine::Outcome process(const engine::Claim& claim, std::stop_token stop) override;
  /// The secrets and the certificates.
  [[nodiscard]] std::shared_ptr<engine::Files> files() override;

 private:
  class Impl;
  explicit Push(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace jobqd::processors::push
