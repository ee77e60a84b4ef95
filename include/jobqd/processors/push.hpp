#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <jobqd/base/clock.hpp>
#include <jobqd/engine/processor.hpp>

namespace jobqd::processors {

/// Pushes each attempt to a web service: one POST with the payload as its body.
///
/// 2xx is done, and the body is the result. 408, 425, 429, 5xx, `retry_on`, and every failure to get an
/// answer is a retry; with Retry-After at that time, and on 429 and 503 without spending one. Everything else
/// fails for good; redirects are not followed. With secrets it is signed as Standard Webhooks 1.0 says.
///
/// What a name stands for is looked up once for a connection; where one of its addresses is denied (loopback,
/// private and other special networks that `allow_networks` does not name), none is used. TLS 1.2 or 1.3,
/// certificate and host name verified. Keeps connections for the next attempts. Thread-safe. A stop ends an
/// attempt at once.
class Push final : public engine::Processor {
 public:
  /// The addresses of a host name, or why there are none. May block; called on a thread of its own.
  using Lookup = std::function<std::expected<std::vector<std::string>, std::string>(const std::string& host)>;

  struct Options {
    std::string url;
    std::vector<std::string> secrets = {};         ///< Each `whsec_` and base64; all of them sign.
    std::vector<std::string> allow_networks = {};  ///< `10.1.0.0/16`, `::1/128`
    std::vector<std::uint16_t> retry_on = {};      ///< Status codes.
    base::milliseconds connect_timeout{5'000};   ///< For the look-up, and again for the connection with TLS.
    base::milliseconds request_timeout{30'000};  ///< From the first byte sent to the last one received.
    std::string ca_file = {};                    ///< PEM; empty: the authorities of the system.
    Lookup lookup = {};                          ///< Empty: getaddrinfo().
  };

  /// Options have no fault; `clock` outlives the processor.
  Push(Options options, const base::Clock& clock);
  ~Push() override;

  [[nodiscard]] engine::Outcome process(const engine::Claim& claim, std::stop_token stop) override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// Why nothing can be pushed to this URL; empty when something can.
[[nodiscard]] std::string url_fault(std::string_view url);

/// Why this is no network in CIDR notation; empty when it is.
[[nodiscard]] std::string network_fault(std::string_view network);

/// Why this is no secret of Standard Webhooks; empty when it is one. Does not contain it.
[[nodiscard]] std::string secret_fault(std::string_view secret);

/// Why this file cannot be read as certificates; empty when it can.
[[nodiscard]] std::string ca_file_fault(const std::string& path);

}  // namespace jobqd::processors
