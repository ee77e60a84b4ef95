#include <fmt/format.h>

#include <jobqd/base/json_string.hpp>

#include "http/message.hpp"

namespace jobqd::http {

using base::json_string;

Response problem(const domain::Error& error) {
  const auto& traits = domain::error_traits(error.code);
  Response response{.status = traits.http_status, .content_type = "application/problem+json"};
  response.body = fmt::format(R"({{"type":"/problems/{}","title":{},"status":{},"detail":{})", traits.slug,
                              json_string(traits.title), traits.http_status, json_string(error.detail));
  std::string_view separator = R"(,"errors":[)";
  for (const auto& field : error.fields) {
    response.body += fmt::format(R"({}{{"pointer":{},"detail":{}}})", separator, json_string(field.pointer),
                                 json_string(field.detail));
    separator = ",";
  }
  response.body += error.fields.empty() ? "}" : "]}";
  if (traits.retry_after.count() > 0)
    response.headers.emplace_back("Retry-After", fmt::to_string(traits.retry_after.count()));
  return response;
}

}  // namespace jobqd::http
