#include "processors/push/url.hpp"

#include <algorithm>

#include <boost/url/parse.hpp>
#include <fmt/format.h>

#include <jobqd/base/characters.hpp>
#include <jobqd/base/number.hpp>

namespace jobqd::processors::push {

namespace {

namespace ip = boost::asio::ip;

constexpr std::string_view not_a_host = "the host is no address of four decimal numbers, and no name";

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || base::is_digit(c) || c == '-' || c == '_' || c == '.';
}

/// Whether some reader might take the host for an IPv4 address.
bool ends_in_a_number(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  const auto dot = host.rfind('.');
  const auto last = dot == std::string_view::npos ? host : host.substr(dot + 1);
  return std::ranges::all_of(last, base::is_digit) || last.starts_with("0x");
}

std::string name_fault(std::string_view host) {
  if (host.empty() || host.size() > 253) return "the host is missing or longer than 253 characters";
  if (!std::ranges::all_of(host, is_name_char) || host.contains("..") || host.starts_with('.'))
    return "the host is no name of a-z, 0-9, -, _ and ., and no address";
  if (ends_in_a_number(host)) return std::string(not_a_host);
  return {};
}

/// Fills in host and address. Returns what is wrong with the host, or nothing.
std::string read_host(const boost::urls::url_view& parsed, Url& url) {
  const std::string_view encoded = parsed.encoded_host();
  boost::system::error_code wrong;
  if (encoded.starts_with('[')) {
    url.host = encoded.substr(1, encoded.size() - 2);
    url.address = ip::make_address_v6(url.host, wrong);
    return wrong ? "the host is no IPv6 address" : "";
  }
  // Boost.URL 1.81 ends an authority after four numbers, whatever follows them.
  const std::string_view target = parsed.encoded_target();
  if (!target.empty() && target.front() != '/' && target.front() != '?') return std::string(not_a_host);
  url.host = base::lower(encoded);
  const auto quad = ip::make_address_v4(url.host, wrong);
  if (wrong || quad.to_string() != url.host) return name_fault(url.host);
  url.address = quad;
  return {};
}

}  // namespace

std::expected<Url, std::string> read_url(std::string_view text) {
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed) return std::unexpected("it is no URL");
  const auto scheme = base::lower(parsed->scheme());
  if (scheme != "http" && scheme != "https")
    return std::unexpected("it begins neither with http:// nor with https://");
  if (!parsed->has_authority()) return std::unexpected("the host is missing");
  if (parsed->has_userinfo()) return std::unexpected("a user or password in a URL is not sent");
  if (parsed->has_fragment()) return std::unexpected("a fragment (#) is not sent");
  Url url{.tls = scheme == "https"};
  if (auto fault = read_host(*parsed, url); !fault.empty()) return std::unexpected(std::move(fault));
  const std::uint16_t usual = url.tls ? 443 : 80;
  url.port = usual;
  if (parsed->has_port()) {
    // Not port_number(): Boost.URL 1.81 cuts a number that is too large down to 16 bits.
    const auto port = base::parse_number<std::uint16_t>(std::string_view(parsed->port()));
    if (!port || *port == 0) return std::unexpected("the port must be from 1 to 65535");
    url.port = *port;
  }
  url.target = parsed->encoded_target();
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  url.authority = url.address && url.address->is_v6() ? fmt::format("[{}]", url.host) : url.host;
  if (url.port != usual) url.authority += fmt::format(":{}", url.port);
  return url;
}

}  // namespace jobqd::processors::push
