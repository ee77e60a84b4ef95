#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <jobqd/base/clock.hpp>

#include "processors/push/answer.hpp"
#include "processors/push/lookup.hpp"

namespace jobqd::processors::push {

/// Where a push processor sends attempts, and how.
struct Options {
  std::string url = {};
  std::vector<std::string> secrets = {};         ///< Each is `whsec_` and base64; every one of them signs.
  std::vector<std::string> secret_files = {};    ///< Files, the first line of each of which is one more.
  std::vector<std::string> allow_networks = {};  ///< `10.1.0.0/16`, `::1/128`
  StatusRules statuses = {};
  base::milliseconds connect_timeout{5'000};   ///< Of the look-up, and again of the connection with TLS.
  base::milliseconds request_timeout{30'000};  ///< From the first byte sent to the last byte received.
  std::string ca_file = {};                    ///< PEM; empty: the authorities of the system.
  Lookup lookup = system_lookup;
};

/// Why nothing can be pushed to this URL; empty when something can.
[[nodiscard]] std::string url_fault(std::string_view url);

/// Why a URL with an address in place of a name cannot be called; empty when it can, and for a name, which is
/// looked up for each connection.
[[nodiscard]] std::string literal_address_fault(const Options& options);

/// Why a job cannot be rejected for this status code; empty when it can.
[[nodiscard]] std::string reject_fault(std::string_view status);

/// Why these rules contradict each other; empty when they do not.
[[nodiscard]] std::string rules_fault(const StatusRules& rules);

/// Why this is not a network in CIDR notation; empty when it is.
[[nodiscard]] std::string network_fault(std::string_view network);

/// Why this is not a secret of Standard Webhooks; empty when it is. The text does not contain the secret.
[[nodiscard]] std::string secret_fault(std::string_view secret);

/// Why this file cannot be read as certificates; empty when it can.
[[nodiscard]] std::string ca_file_fault(const std::string& path);

}  // namespace jobqd::processors::push
