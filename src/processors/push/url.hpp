#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/ip/address.hpp>

namespace jobqd::processors::push {

/// Where a push goes.
struct Url {
  bool tls = false;
  std::string host{};                                 ///< A name, or an address without brackets.
  std::optional<boost::asio::ip::address> address{};  ///< Where `host` is one.
  std::uint16_t port = 80;
  std::string target{};     ///< Path and query, as in a request line.
  std::string authority{};  ///< For the Host header.
};

/// http or https, without user and fragment. A host is a name, a dotted quad or an IPv6 address in brackets:
/// other forms of IPv4 addresses (WHATWG URL, "ends in a number") are refused, because every reader reads
/// them otherwise.
[[nodiscard]] std::expected<Url, std::string> read_url(std::string_view text);

}  // namespace jobqd::processors::push
