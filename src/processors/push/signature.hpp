#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>

#include <jobqd/base/clock.hpp>

/// Signatures as Standard Webhooks 1.0 has them (standardwebhooks.com), symmetric ones.
namespace jobqd::processors::push {

/// The key of a secret `whsec_…`: 24 to 64 bytes. The error does not contain it.
[[nodiscard]] std::expected<std::string, std::string> read_secret(std::string_view secret);

/// The header `webhook-signature`: for each key `v1,` and the base64 of HMAC-SHA256 over id, time and body.
[[nodiscard]] std::string signatures(std::span<const std::string> keys, std::string_view id,
                                     base::WallTime time, std::string_view body);

/// Seconds since 1970, as the header `webhook-timestamp` has them.
[[nodiscard]] std::string timestamp(base::WallTime time);

/// A job's id as the header `webhook-id` can carry it: letters, digits, `-`, `_` and `~` as they are, other
/// bytes percent-encoded (RFC 3986, 2.1). The signature is over parts between dots, so an id has none.
[[nodiscard]] std::string webhook_id(std::string_view id);

/// A job's id as a header can carry it: visible ASCII but `%` as it is, other bytes percent-encoded.
[[nodiscard]] std::string header_id(std::string_view id);

}  // namespace jobqd::processors::push
