#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/ip/address.hpp>

namespace jobqd::processors::push {

/// The receiver of pushes.
struct Url {
  bool tls = false;
  std::string host{};                                 ///< A name, or an address without brackets.
  std::optional<boost::asio::ip::address> address{};  ///< Set where `host` is an address.
  std::uint16_t port = 80;
  std::string target{};     ///< Path and query, as in a request line.
  std::string authority{};  ///< For the Host header.
};

/// Reads an http or https URL without user and fragment. The host is a name, a dotted quad or an IPv6 address
/// in brackets. Other forms of IPv4 addresses (WHATWG URL, "ends in a number") are refused, because readers
/// do not agree on what they mean. The error is one line.
[[nodiscard]] std::expected<Url, std::string> read_url(std::string_view text);

}  // namespace jobqd::processors::push
