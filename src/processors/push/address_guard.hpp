#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/ip/address.hpp>

namespace jobqd::processors::push {

/// A network in CIDR notation. An IPv4 network is stored as that of its IPv4-mapped addresses (RFC 4291,
/// section 2.5.5.2), so that all comparisons are made on 128 bits.
struct Network {
  std::array<std::uint8_t, 16> prefix{};
  unsigned bits = 128;
  [[nodiscard]] bool contains(const boost::asio::ip::address& address) const;
};

/// Reads `10.0.0.0/8` or `fc00::/7`. The bits behind the prefix have to be zero. The error is one line.
[[nodiscard]] std::expected<Network, std::string> read_network(std::string_view text);

/// Decides which addresses a push may connect to: public ones, and those in the allowed networks.
///
/// This prevents server-side request forgery: the owner of a host name may point it at an address inside this
/// network. Denied are the special networks of RFC 6890 and its updates, and all IPv6 networks whose
/// addresses carry an IPv4 address: mapped, translated (RFC 6052, RFC 8215), 6to4, Teredo. Immutable, thus
/// thread-safe.
class AddressGuard {
 public:
  explicit AddressGuard(std::vector<Network> allowed) : allowed_(std::move(allowed)) {}

  [[nodiscard]] bool allows(const boost::asio::ip::address& address) const;

 private:
  std::vector<Network> allowed_;
};

}  // namespace jobqd::processors::push
