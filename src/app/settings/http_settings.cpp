// The settings of the HTTP server: where it listens, TLS, and limits.

#include "app/settings/http_settings.hpp"

#include <algorithm>
#include <iterator>
#include <ranges>
#include <utility>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <jobqd/base/size.hpp>

#include "app/settings/values.hpp"

namespace jobqd::app {

namespace {

constexpr std::string_view tls_prefix = "tls:";
constexpr std::string_view unix_prefix = "unix:";
constexpr std::size_t most_addresses = 16;

bool is_ip_address(std::string_view host, bool bracketed) {
  // The zone of a link-local address (fe80::1%eth0) is checked by the kernel.
  const std::string address(bracketed ? host.substr(0, host.find('%')) : host);
  in6_addr parsed{};
  return inet_pton(bracketed ? AF_INET6 : AF_INET, address.c_str(), &parsed) == 1;
}

std::optional<ListenAddress> read_address(std::string_view text) {
  if (text.starts_with(unix_prefix)) {
    const std::string path(text.substr(unix_prefix.size()));
    if (path.empty()) return std::nullopt;
    return ListenAddress{.host = {}, .port = 0, .path = path};
  }
  const bool tls = text.starts_with(tls_prefix);
  if (tls) text.remove_prefix(tls_prefix.size());
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  std::uint16_t port = 0;
  if (!read_number<std::uint16_t>(text.substr(colon + 1), 0, 65535, port)) return std::nullopt;
  if (host == "localhost") host = "127.0.0.1";
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!is_ip_address(host, bracketed)) return std::nullopt;
  return ListenAddress{.host = std::string(host), .port = port, .tls = tls};
}

bool read_listen(std::string_view text, std::vector<ListenAddress>& out) {
  std::vector<ListenAddress> all;
  for (const auto part : std::views::split(text, ',')) {
    std::string_view each(part);
    while (each.starts_with(' ')) each.remove_prefix(1);
    auto address = read_address(each);
    if (!address) return false;
    all.push_back(*std::move(address));
  }
  if (all.empty() || all.size() > most_addresses) return false;
  out = std::move(all);
  return true;
}

std::string show_listen(const std::vector<ListenAddress>& addresses) {
  return fmt::to_string(fmt::join(addresses | std::views::transform(&ListenAddress::text), ","));
}

constexpr std::string_view none = "none";

bool read_file(std::string_view text, std::string& out) {
  if (text.empty()) return false;
  out = text == none ? "" : text;
  return true;
}

std::string show_file(const std::string& path) {
  return path.empty() ? std::string(none) : path;
}

constexpr std::array<std::string_view, 2> client_auth_names{"optional", "required"};
constexpr std::array<std::string_view, 2> tls_versions{"1.2", "1.3"};

/// Reads one of two names: whether it is the second.
bool read_second(std::string_view text, const std::array<std::string_view, 2>& names, bool& out) {
  enum class Which : std::uint8_t { first, second } which{};
  if (!read_choice(text, names, which)) return false;
  out = which == Which::second;
  return true;
}

std::string show_second(const std::array<std::string_view, 2>& names, bool second) {
  return std::string(names.at(second ? 1 : 0));
}

using Text = std::string_view;

}  // namespace

std::string ListenAddress::place() const {
  if (!path.empty()) return fmt::format("{}{}", unix_prefix, path);
  const bool v6 = host.contains(':');
  return fmt::format("{}{}{}{}", tls ? tls_prefix : "", v6 ? "[" : "", host, v6 ? "]" : "");
}

std::string ListenAddress::text() const {
  return path.empty() ? fmt::format("{}:{}", place(), port) : place();
}

const std::array<Setting, 8> http_settings{{
    {"LISTEN", "where to serve HTTP: one address or a list with commas; port 0 takes any free one",
     "an IP address or localhost, and a port, such as 127.0.0.1:8080, 0.0.0.0:8080 or [::1]:8080, after tls: "
     "for HTTPS; or unix: and the path of a socket",
     [](Config& c, Text t) { return read_listen(t, c.listen); },
     [](const Config& c) { return show_listen(c.listen); }},
    {"TLS_CERT", "certificate for the tls: addresses of LISTEN, followed by those that lead to its authority",
     "the path of a PEM file, or none", [](Config& c, Text t) { return read_file(t, c.tls.certificate); },
     [](const Config& c) { return show_file(c.tls.certificate); }},
    {"TLS_KEY", "private key of TLS_CERT", "the path of a PEM file without a passphrase, or none",
     [](Config& c, Text t) { return read_file(t, c.tls.key); },
     [](const Config& c) { return show_file(c.tls.key); }},
    {"TLS_CLIENT_CA", "authorities of clients' certificates; clients are asked for one",
     "the path of a PEM file, or none", [](Config& c, Text t) { return read_file(t, c.tls.client_ca); },
     [](const Config& c) { return show_file(c.tls.client_ca); }},
    {"TLS_CLIENT_AUTH", "whether clients need a certificate of TLS_CLIENT_CA", "optional or required",
     [](Config& c, Text t) { return read_second(t, client_auth_names, c.tls.client_required); },
     [](const Config& c) { return show_second(client_auth_names, c.tls.client_required); }},
    {"TLS_MIN", "least version of TLS", "1.2 or 1.3",
     [](Config& c, Text t) { return read_second(t, tls_versions, c.tls.only_1_3); },
     [](const Config& c) { return show_second(tls_versions, c.tls.only_1_3); }},
    {"MAX_BODY", "largest request body", "a size from 1KiB to 64MiB",
     [](Config& c, Text t) { return read_size(t, base::kib, 64 * base::mib, c.max_body); },
     [](const Config& c) { return base::format_size(c.max_body); }},
    {"MAX_CONNECTIONS", "HTTP connections open at once", "a whole number from 1 to 100000",
     [](Config& c, Text t) { return read_number<std::size_t>(t, 1, 100'000, c.max_connections); },
     [](const Config& c) { return fmt::to_string(c.max_connections); }},
}};

std::optional<std::string> http_contradiction(const Config& config) {
  const auto encrypted = std::ranges::find(config.listen, true, &ListenAddress::tls);
  const auto& tls = config.tls;
  if (encrypted == config.listen.end()) {
    for (const auto& [name, path] :
         {std::pair("TLS_CERT", &tls.certificate), {"TLS_KEY", &tls.key}, {"TLS_CLIENT_CA", &tls.client_ca}})
      if (!path->empty())
        return fmt::format("{}: \"{}\" has no effect: no address of LISTEN begins with tls:", name, *path);
  } else if (tls.certificate.empty() || tls.key.empty()) {
    return fmt::format("LISTEN: {} needs TLS_CERT and TLS_KEY", encrypted->text());
  }
  if (tls.client_required && tls.client_ca.empty())
    return "TLS_CLIENT_AUTH: \"required\" needs TLS_CLIENT_CA";
  return std::nullopt;
}

}  // namespace jobqd::app
