#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/ip/address.hpp>

namespace jobqd::processors::push {

/// A network in CIDR notation. An IPv4 network is that of the IPv4-mapped addresses (RFC 4291, 2.5.5.2), so
/// that all comparing is done with 128 bits.
struct Network {
  std::array<std::uint8_t, 16> prefix{};
  unsigned bits = 128;
  [[nodiscard]] bool contains(const boost::asio::ip::address& address) const;
};

/// `10.0.0.0/8`, `fc00::/7`. The bits behind the prefix have to be zero.
[[nodiscard]] std::expected<Network, std::string> read_network(std::string_view text);

/// Says which addresses a push may connect to: those of the public internet, and those that are allowed by
/// name.
///
/// Against server-side request forgery: a name that somebody else controls may stand for an address of ours.
/// The denied networks are the special ones of RFC 6890 and its updates, and those that carry an IPv4 address
/// in an IPv6 one, whatever it is: mapped, translated (RFC 6052, RFC 8215), 6to4, Teredo.
class AddressGuard {
 public:
  explicit AddressGuard(std::vector<Network> allowed) : allowed_(std::move(allowed)) {}

  [[nodiscard]] bool allows(const boost::asio::ip::address& address) const;

 private:
  std::vector<Network> allowed_;
};

}  // namespace jobqd::processors::push
