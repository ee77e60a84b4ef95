#include <fmt/format.h>

#include "http/bodies/json_writer.hpp"
#include "http/message.hpp"

namespace jobqd::http {

Response problem(const domain::Error& error) {
  const auto& traits = domain::error_traits(error.code);
  Response response{.status = traits.http_status, .content_type = "application/problem+json"};
  JsonWriter json(response.body);
  json.begin_object();
  json.key("type").string(fmt::format("/problems/{}", traits.slug));
  json.key("title").string(traits.title);
  json.key("status").number(traits.http_status);
  json.key("detail").string(error.detail);
  if (!error.fields.empty()) {
    json.key("errors").begin_array();
    for (const auto& field : error.fields) {
      json.begin_object();
      json.key("pointer").string(field.pointer);
      json.key("detail").string(field.detail);
      json.end_object();
    }
    json.end_array();
  }
  json.end_object();
  if (traits.retry_after.count() > 0)
    response.headers.emplace_back("Retry-After", fmt::to_string(traits.retry_after.count()));
  return response;
}

}  // namespace jobqd::http
