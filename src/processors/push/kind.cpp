#include "processors/push/kind.hpp"

#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "processors/push/credentials.hpp"
#include "processors/push/options.hpp"
#include "processors/push/push.hpp"

namespace jobqd::processors::push {

namespace {

using base::milliseconds;

using Secret = std::expected<std::string, std::string>;

/// A secret from a variable of this process. The error does not contain it.
Secret secret_in_variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): no thread sets any.
  if (value == nullptr) return std::unexpected(fmt::format("{} is not set", name));
  if (const auto fault = secret_fault(value); !fault.empty())
    return std::unexpected(fmt::format("the value of {} is no secret: {}", name, fault));
  return value;
}

std::string variable_fault(const std::string& name) {
  const auto secret = secret_in_variable(name);
  return secret ? std::string{} : secret.error();
}

std::string secret_file_fault(const std::string& path) {
  const auto secret = secret_in_file(path);
  return secret ? std::string{} : secret.error();
}

/// The first fault that `fault` finds; empty where there is none.
template <class Fault>
std::string first_fault(Texts texts, Fault fault) {
  for (const auto& text : texts)
    if (auto wrong = fault(text); !wrong.empty()) return wrong;
  return {};
}

std::vector<Key> keys() {
  return {{.name = "url",
           .allowed = "a URL that begins with http:// or https://",
           .is_required = true,
           .fault = [](Texts url) { return url_fault(url.front()); }},
          {.name = "secret_env",
           .allowed =
               "a list of environment variables, each of which holds whsec_ and the base64 of 24 to 64 bytes",
           .is_list = true,
           .surroundings_fault = [](Texts names) { return first_fault(names, variable_fault); }},
          {.name = "secret_file",
           .allowed =
               "a list of files, the first line of each of which is whsec_ and the base64 of 24 to 64 bytes",
           .is_list = true,
           .surroundings_fault = [](Texts paths) { return first_fault(paths, secret_file_fault); }},
          {.name = "allow_networks",
           .allowed = "a list of networks such as 10.1.0.0/16 or fd00::/8",
           .is_list = true,
           .fault = [](Texts networks) { return first_fault(networks, network_fault); }},
          {.name = "retry_on",
           .allowed = "a list of status codes from 300 to 499",
           .type = Whole{.low = 300, .high = 499},
           .is_list = true},
          {.name = "reject_on",
           .allowed = "a list of status codes from 300 to 599, but not 408, 425 and 429",
           .type = Whole{.low = 300, .high = 599},
           .is_list = true,
           .fault = [](Texts codes) { return first_fault(codes, reject_fault); }},
          {.name = "connect_timeout",
           .allowed = "a duration from 1ms to 5m",
           .type = Duration{.low = milliseconds{1}, .high = std::chrono::minutes{5}},
           .standard = {"5s"}},
          {.name = "request_timeout",
           .allowed = "a duration from 1ms to 24h",
           .type = Duration{.low = milliseconds{1}, .high = std::chrono::hours{24}},
           .standard = {"30s"}},
          {.name = "ca_file",
           .allowed = "the path of a file with certificates in PEM",
           .surroundings_fault = [](Texts path) { return ca_file_fault(path.front()); }}};
}

StatusRules rules_of(const KeyValues& values) {
  StatusRules rules;
  values.get("retry_on", rules.retry_on);
  values.get("reject_on", rules.reject_on);
  return rules;
}

std::expected<Options, std::string> options_of(const KeyValues& values) {
  Options options;
  values.get("url", options.url);
  values.get("allow_networks", options.allow_networks);
  options.statuses = rules_of(values);
  values.get("connect_timeout", options.connect_timeout);
  values.get("request_timeout", options.request_timeout);
  values.get("ca_file", options.ca_file);
  values.get("secret_file", options.secret_files);
  std::vector<std::string> variables;
  values.get("secret_env", variables);
  for (const auto& name : variables) {
    auto secret = secret_in_variable(name);
    if (!secret) return std::unexpected(fmt::format("secret_env: {}", secret.error()));
    options.secrets.push_back(*std::move(secret));
  }
  return options;
}

}  // namespace

ProcessorKind kind() {
  constexpr std::uint32_t circuit_failures = 10;
  // A connection has a socket and the three of its event loop; a look-up has a socket too.
  constexpr std::size_t descriptors = 5;
  return {.name = "http",
          .keys = keys(),
          .descriptors = descriptors,
          .circuit_failures = circuit_failures,
          .check = [](const KeyValues& values) { return rules_fault(rules_of(values)); },
          .make = [](const ProcessorContext& context) -> ProcessorKind::Made {
            auto options = options_of(context.values);
            if (!options) return std::unexpected(std::move(options.error()));
            if (auto denied = literal_address_fault(*options); !denied.empty())
              return std::unexpected(fmt::format("url: {}", denied));
            return Push::make(*std::move(options), context.clock);
          }};
}

}  // namespace jobqd::processors::push
