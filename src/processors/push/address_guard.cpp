#include "processors/push/address_guard.hpp"

#include <algorithm>

#include <jobqd/base/number.hpp>

namespace jobqd::processors::push {

namespace {

namespace ip = boost::asio::ip;

constexpr std::array denied_texts{
    // IPv4
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
    "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    // IPv6; ::/128, ::1 and IPv4-compatible addresses are in ::/96
    "::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23",
    "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"};

ip::address_v6::bytes_type bytes_of(const ip::address& address) {
  return address.is_v6() ? address.to_v6().to_bytes()
                         : ip::make_address_v6(ip::v4_mapped, address.to_v4()).to_bytes();
}

const std::vector<Network>& denied() {
  static const auto networks = [] {
    std::vector<Network> all;
    all.reserve(denied_texts.size());
    for (const auto* text : denied_texts) all.push_back(read_network(text).value());
    return all;
  }();
  return networks;
}

bool bit_of(const std::array<std::uint8_t, 16>& bytes, unsigned bit) {
  return (bytes.at(bit / 8) & (0x80U >> (bit % 8))) != 0;
}

}  // namespace

bool Network::contains(const ip::address& address) const {
  const auto bytes = bytes_of(address);
  for (unsigned bit = 0; bit < bits; ++bit)
    if (bit_of(bytes, bit) != bit_of(prefix, bit)) return false;
  return true;
}

std::expected<Network, std::string> read_network(std::string_view text) {
  const auto wrong = std::unexpected("it is not a network, such as 10.1.0.0/16 or fd00::/8");
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return wrong;
  boost::system::error_code none;
  const auto address = ip::make_address(std::string(text.substr(0, slash)), none);
  if (none || (address.is_v6() && address.to_v6().scope_id() != 0)) return wrong;
  const auto bits = base::parse_number<unsigned>(text.substr(slash + 1));
  const unsigned longest = address.is_v4() ? 32 : 128;
  if (!bits || *bits > longest) return wrong;
  Network network{.prefix = bytes_of(address), .bits = *bits + 128 - longest};
  for (auto bit = network.bits; bit < 128; ++bit)
    if (bit_of(network.prefix, bit)) return std::unexpected("it has bits set behind its prefix");
  return network;
}

bool AddressGuard::allows(const ip::address& address) const {
  const auto holds_it = [&](const Network& network) { return network.contains(address); };
  // An IPv4-mapped address reaches the IPv4 address. No receiver needs that form, so it is always denied.
  const bool mapped = address.is_v6() && address.to_v6().is_v4_mapped();
  if (mapped) return false;
  return std::ranges::any_of(allowed_, holds_it) || std::ranges::none_of(denied(), holds_it);
}

}  // namespace jobqd::processors::push
