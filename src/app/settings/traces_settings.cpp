#include "app/settings/traces_settings.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <jobqd/base/characters.hpp>
#include <jobqd/processors/http_client.hpp>

#include "app/settings/values.hpp"

namespace jobqd::app {

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// A variable and its value.
struct Variable {
  std::string name;
  std::string value;
};

constexpr std::string_view prefix = "OTEL_EXPORTER_OTLP_";

std::optional<Variable> find(const Environment& environment, std::string name) {
  auto value = environment(name);
  if (!value || value->empty()) return std::nullopt;
  return Variable{.name = std::move(name), .value = *std::move(value)};
}

/// The variable for traces, or else the one for everything that is exported.
std::optional<Variable> find_for_traces(const Environment& environment, std::string_view what) {
  auto own = find(environment, fmt::format("{}TRACES_{}", prefix, what));
  return own ? own : find(environment, fmt::format("{}{}", prefix, what));
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t";
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

/// Percent-encoding undone (RFC 3986, section 2.1); empty where it is wrong.
std::optional<std::string> decoded(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    if (text.front() != '%') {
      plain += text.front();
      text.remove_prefix(1);
      continue;
    }
    const auto digits = text.substr(1, 2);
    std::uint8_t byte = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (digits.size() < 2 || error != std::errc{} || end != digits.data() + digits.size())
      return std::nullopt;
    plain += static_cast<char>(byte);
    text.remove_prefix(3);
  }
  return plain;
}

/// `name=value,name=value`, as W3C Baggage writes it. The error says which entry is wrong, and not its value.
std::expected<Pairs, std::string> read_pairs(std::string_view text) {
  Pairs pairs;
  for (int number = 1; !text.empty(); ++number) {
    const auto entry = trimmed(text.substr(0, text.find(',')));
    text.remove_prefix(std::min(text.find(','), text.size() - 1) + 1);
    if (entry.empty()) continue;
    const auto equals = entry.find('=');
    const auto name = trimmed(entry.substr(0, equals));
    if (equals == std::string_view::npos || name.empty())
      return std::unexpected(fmt::format("entry {} is not name=value", number));
    auto value = decoded(trimmed(entry.substr(equals + 1)));
    if (!value)
      return std::unexpected(
          fmt::format("the value of entry {} has a % that two hexadecimal digits do not follow", number));
    pairs.emplace_back(std::string(name), *std::move(value));
  }
  return pairs;
}

/// Why these cannot be sent with a request; empty: they can.
std::string headers_fault(const Pairs& headers) {
  constexpr std::array<std::string_view, 5> own{"host", "content-type", "content-length", "connection",
                                                "transfer-encoding"};
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const auto& [name, value] = headers[i];
    if (!std::ranges::all_of(name, base::is_token_char))
      return fmt::format("the name of entry {} is no name of a header", i + 1);
    if (!std::ranges::all_of(value, base::is_printable))
      return fmt::format("the value of {} must be printable ASCII", name);
    if (std::ranges::find(own, base::lower(name)) != own.end())
      return fmt::format("{} is set by jobqd itself", name);
  }
  return {};
}

/// Reads one after the other, and notes what is wrong.
class Reader {
 public:
  Reader(const Environment& environment, Faults& faults) : environment_(environment), faults_(faults) {}

  [[nodiscard]] bool is_disabled() const {
    const auto disabled = find(environment_, "OTEL_SDK_DISABLED");
    return disabled && base::lower(disabled->value) == "true";
  }

  /// Empty: none is set.
  std::string url() {
    const auto endpoint = find_for_traces(environment_, "ENDPOINT");
    if (!endpoint) return {};
    auto url = endpoint->value;
    const bool is_base = endpoint->name == fmt::format("{}ENDPOINT", prefix);
    auto fault = processors::http_url_fault(url);
    if (fault.empty() && is_base && url.contains('?'))
      fault = fmt::format("v1/traces cannot be added to a query; {}TRACES_ENDPOINT is used as it is", prefix);
    if (!fault.empty()) refuse(*endpoint, fmt::format("a URL such as http://127.0.0.1:4318 ({})", fault));
    if (is_base) url += url.ends_with('/') ? "v1/traces" : "/v1/traces";
    return url;
  }

  void check_protocol() {
    const auto protocol = find_for_traces(environment_, "PROTOCOL");
    if (protocol && protocol->value != "http/json") refuse(*protocol, "http/json, and no other");
  }

  Pairs headers() { return pairs(find_for_traces(environment_, "HEADERS"), headers_fault); }

  base::milliseconds timeout() {
    const auto timeout = find_for_traces(environment_, "TIMEOUT");
    std::int64_t count = 10'000;
    if (timeout && !read_number<std::int64_t>(timeout->value, 1, 3'600'000, count))
      refuse(*timeout, "a whole number of milliseconds from 1 to 3600000");
    return base::milliseconds{count};
  }

  double ratio() {
    const auto sampler = find(environment_, "OTEL_TRACES_SAMPLER");
    if (sampler && sampler->value == "parentbased_always_on") return 1;
    if (sampler && sampler->value == "parentbased_always_off") return 0;
    if (sampler && sampler->value != "parentbased_traceidratio")
      refuse(*sampler, "parentbased_traceidratio, parentbased_always_on or parentbased_always_off");
    const auto argument = find(environment_, "OTEL_TRACES_SAMPLER_ARG");
    double ratio = 0;
    if (argument && !read_number<double>(argument->value, 0, 1, ratio))
      refuse(*argument, "a number from 0 to 1");
    return ratio;
  }

  Pairs resource() {
    auto attributes =
        pairs(find(environment_, "OTEL_RESOURCE_ATTRIBUTES"), [](const Pairs&) { return std::string{}; });
    constexpr std::string_view key = "service.name";
    const auto is_name = [key](const auto& attribute) { return attribute.first == key; };
    const auto name = find(environment_, "OTEL_SERVICE_NAME");
    if (name) std::erase_if(attributes, is_name);
    if (std::ranges::none_of(attributes, is_name))
      attributes.emplace(attributes.begin(), key, name ? name->value : "jobqd");
    return attributes;
  }

 private:
  /// Without the value, which may be a secret.
  Pairs pairs(const std::optional<Variable>& variable, std::string (*fault_of)(const Pairs&)) {
    if (!variable) return {};
    auto read = read_pairs(variable->value);
    const auto fault = read ? fault_of(*read) : read.error();
    if (fault.empty()) return *std::move(read);
    faults_.push_back(fmt::format("{}: it is not allowed: {}; entries are name=value with commas between",
                                  variable->name, fault));
    return {};
  }

  void refuse(const Variable& variable, std::string_view allowed) {
    faults_.push_back(fmt::format("{}: \"{}\" (environment) is not allowed: {}", variable.name,
                                  shown(variable.value), allowed));
  }

  const Environment& environment_;
  Faults& faults_;
};

}  // namespace

std::optional<TracesConfig> read_traces(const Environment& environment, Faults& faults) {
  Reader reader(environment, faults);
  if (reader.is_disabled()) return std::nullopt;
  auto url = reader.url();
  if (url.empty()) return std::nullopt;
  reader.check_protocol();
  return TracesConfig{.url = std::move(url),
                      .headers = reader.headers(),
                      .timeout = reader.timeout(),
                      .ratio = reader.ratio(),
                      .resource = reader.resource()};
}

}  // namespace jobqd::app
