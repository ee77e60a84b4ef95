#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>

#include <jobqd/base/clock.hpp>

/// Symmetric signatures of Standard Webhooks 1.0 (standardwebhooks.com).
namespace jobqd::processors::push {

/// Reads the key from a secret `whsec_…`: 24 to 64 bytes. The error does not contain the secret.
[[nodiscard]] std::expected<std::string, std::string> read_secret(std::string_view secret);

/// The value of `webhook-signature`: for each key, `v1,` and the base64 of HMAC-SHA256 over id, time and
/// body.
[[nodiscard]] std::string signatures(std::span<const std::string> keys, std::string_view id,
                                     base::WallTime time, std::string_view body);

/// The value of `webhook-timestamp`: seconds since 1970.
[[nodiscard]] std::string timestamp(base::WallTime time);

/// The value of `webhook-id` for a job: letters, digits, `-`, `_` and `~` of its id as they are, other bytes
/// percent-encoded (RFC 3986, section 2.1). Dots are encoded too, because they separate the signed parts.
[[nodiscard]] std::string webhook_id(std::string_view id);

/// A job's id as a header field can carry it: visible ASCII except `%` as it is, other bytes percent-encoded.
[[nodiscard]] std::string header_id(std::string_view id);

}  // namespace jobqd::processors::push
