#include "processors/push/options.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <jobqd/base/number.hpp>

#include "processors/push/address_guard.hpp"
#include "processors/push/signature.hpp"
#include "processors/push/tls.hpp"
#include "processors/push/url.hpp"

namespace jobqd::processors::push {

namespace {

template <class T>
std::string fault_of(const std::expected<T, std::string>& read) {
  return read ? std::string{} : read.error();
}

}  // namespace

std::string url_fault(std::string_view url) {
  return fault_of(read_url(url));
}

std::string literal_address_fault(const Options& options) {
  const auto url = read_url(options.url);
  if (!url || !url->address) return {};
  std::vector<Network> allowed;
  for (const auto& text : options.allow_networks)
    if (const auto network = read_network(text)) allowed.push_back(*network);
  if (AddressGuard(std::move(allowed)).allows(*url->address)) return {};
  return fmt::format("{} is in no allowed network (allow_networks)", url->host);
}

std::string reject_fault(std::string_view status) {
  const auto code = base::parse_number<std::uint16_t>(status);
  return code && asks_for_another_attempt(*code) ? fmt::format("{} is always retried", *code) : std::string{};
}

std::string rules_fault(const StatusRules& rules) {
  for (const auto status : rules.reject_on)
    if (std::ranges::find(rules.retry_on, status) != rules.retry_on.end())
      return fmt::format("reject_on: {} is not allowed: it is in retry_on too", status);
  return {};
}

std::string network_fault(std::string_view network) {
  return fault_of(read_network(network));
}

std::string secret_fault(std::string_view secret) {
  return fault_of(read_secret(secret));
}

std::string ca_file_fault(const std::string& path) {
  boost::asio::ssl::context tls(boost::asio::ssl::context::tls_client);
  return fault_of(prepare(tls, path));
}

}  // namespace jobqd::processors::push
