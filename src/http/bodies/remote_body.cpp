#include "http/bodies/remote_body.hpp"

#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include <jobqd/domain/limits.hpp>

#include "http/bodies/field_reader.hpp"

namespace jobqd::http {

namespace {

using domain::Error;
using domain::ErrorCode;
namespace limits = domain::limits;

constexpr std::int64_t most_jobs = 100;
constexpr base::milliseconds lease_shortest{1'000};
constexpr base::milliseconds lease_longest = std::chrono::hours{24};
constexpr base::milliseconds wait_longest{60'000};

Fault take_token(RemoteBody& body, const FieldValue& value) {
  const auto* text = std::get_if<std::string_view>(&value);
  const auto wrong = [&] { return must_be("the token that the lease gave, a string of digits", value); };
  if (text == nullptr) return wrong();
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), body.token);
  return error == std::errc{} && end == text->data() + text->size() ? Fault{} : wrong();
}

Fault take_lease(RemoteBody& body, const FieldValue& value) {
  const auto lease = duration_up_to(value, lease_shortest, lease_longest);
  if (!lease) return must_be("a duration such as \"60s\", or a number of seconds, from 1s to 24h", value);
  body.lease = *lease;
  return {};
}

Fault take_max_jobs(RemoteBody& body, const FieldValue& value) {
  const auto number = integer_in(value, 1, most_jobs);
  if (!number) return must_be("a whole number from 1 to 100", value);
  body.max_jobs = static_cast<std::size_t>(*number);
  return {};
}

Fault take_wait(RemoteBody& body, const FieldValue& value) {
  const auto wait = duration_up_to(value, base::milliseconds{0}, wait_longest);
  if (!wait) return must_be("a duration such as \"20s\", or a number of seconds, at most 60s", value);
  body.wait = *wait;
  return {};
}

Fault take_worker(RemoteBody& body, const FieldValue& value) {
  return take_id(body.worker, value);
}

Fault take_error(RemoteBody& body, const FieldValue& value) {
  const auto* text = std::get_if<std::string_view>(&value);
  if (text == nullptr) return must_be("a string", value);
  body.error = *text;
  return {};
}

Fault take_retryable(RemoteBody& body, const FieldValue& value) {
  const auto* yes = std::get_if<bool>(&value);
  if (yes == nullptr) return must_be("true or false", value);
  body.retryable = *yes;
  return {};
}

Fault take_retry_after(RemoteBody& body, const FieldValue& value) {
  const auto after = duration_up_to(value, base::milliseconds{0}, limits::delay_longest);
  if (!after)
    return must_be("a duration such as \"90s\" or \"1h30m\", or a number of seconds, at most 366 days",
                   value);
  body.retry_after = *after;
  return {};
}

void keep_result(RemoteBody& body, std::string_view json) {
  body.result = json;
}

constexpr Field<RemoteBody> token_field{.name = "token", .rule = take_token};
constexpr Field<RemoteBody> lease_field{.name = "lease", .rule = take_lease};
constexpr std::array lease_fields{Field<RemoteBody>{.name = "max_jobs", .rule = take_max_jobs}, lease_field,
                                  Field<RemoteBody>{.name = "wait", .rule = take_wait},
                                  Field<RemoteBody>{.name = "worker", .rule = take_worker}};
constexpr std::array heartbeat_fields{token_field, lease_field};
constexpr std::array complete_fields{token_field, Field<RemoteBody>{.name = "result", .keep = keep_result}};
constexpr std::array fail_fields{token_field, Field<RemoteBody>{.name = "error", .rule = take_error},
                                 Field<RemoteBody>{.name = "retryable", .rule = take_retryable},
                                 Field<RemoteBody>{.name = "retry_after", .rule = take_retry_after}};

/// What concerns more than one field.
void check_together(RemoteCall call, const RemoteBody& body, FieldReader<RemoteBody>& reader) {
  if (call != RemoteCall::lease && reader.faultless() && !reader.has("token"))
    reader.fault("token", "is missing: the token that the lease gave, a string of digits");
  if (body.retry_after && !body.retryable)
    reader.fault("retry_after", "cannot be given with retryable false");
}

}  // namespace

Fields<RemoteBody> remote_fields(RemoteCall call) {
  switch (call) {
    case RemoteCall::lease:
      return lease_fields;
    case RemoteCall::heartbeat:
      return heartbeat_fields;
    case RemoteCall::complete:
      return complete_fields;
    case RemoteCall::fail:
      return fail_fields;
  }
  return {};
}

std::expected<RemoteBody, Error> parse_remote(RemoteCall call, std::string_view body) {
  RemoteBody result;
  if (call == RemoteCall::lease && is_blank(body)) return result;
  const BodyForm<RemoteBody> form{
      .fields = remote_fields(call),
      .empty_body = R"(the body is empty; send an object such as {"token":"1"})",
      .wrong_body = "the body must be an object",
      .unknown_field = "is not a field here",
  };
  FieldReader<RemoteBody> reader(body, form, result);
  reader.read();
  check_together(call, result, reader);
  if (auto error = std::move(reader).error()) {
    if (error->code == ErrorCode::malformed_json) error->fields.clear();  // The body is one object: no need.
    return std::unexpected(*std::move(error));
  }
  if (result.result && result.result->size() > limits::result_bytes) {
    const auto detail = fmt::format("must be at most {} bytes of JSON, not {}; the lease goes on",
                                    limits::result_bytes, result.result->size());
    return std::unexpected(Error{.code = ErrorCode::payload_too_large,
                                 .detail = fmt::format("/result {}", detail),
                                 .fields = {{"/result", detail}}});
  }
  return result;
}

}  // namespace jobqd::http
