#include "http/bodies/remote_body.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <jobqd/domain/limits.hpp>

#include "http/bodies/body_text.hpp"
#include "http/bodies/field_values.hpp"
#include "http/bodies/json_events.hpp"
#include "http/bodies/json_feed.hpp"

namespace jobqd::http {

namespace {

using domain::Error;
using domain::ErrorCode;
namespace limits = domain::limits;

constexpr std::int64_t most_jobs = 100;
constexpr base::milliseconds lease_shortest{1'000};
constexpr base::milliseconds lease_longest = std::chrono::hours{24};
constexpr base::milliseconds wait_longest{60'000};
struct Field {
  RemoteCall call;  ///< What takes it.
  std::string_view name;
  Fault (*rule)(RemoteBody& body, const FieldValue& value);  ///< nullptr: the result, which may be anything.
};

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

constexpr std::array<Field, 12> table{{{RemoteCall::lease, "max_jobs", take_max_jobs},
                                       {RemoteCall::lease, "lease", take_lease},
                                       {RemoteCall::lease, "wait", take_wait},
                                       {RemoteCall::lease, "worker", take_worker},
                                       {RemoteCall::heartbeat, "token", take_token},
                                       {RemoteCall::heartbeat, "lease", take_lease},
                                       {RemoteCall::complete, "token", take_token},
                                       {RemoteCall::complete, "result", nullptr},
                                       {RemoteCall::fail, "token", take_token},
                                       {RemoteCall::fail, "error", take_error},
                                       {RemoteCall::fail, "retryable", take_retryable},
                                       {RemoteCall::fail, "retry_after", take_retry_after}}};

/// Receives the body event by event. Its fields are at depth 1; deeper things belong to a value.
class RemoteHandler : public JsonEvents<RemoteHandler> {
 public:
  RemoteHandler(RemoteCall call, JsonFeed& feed) : call_(call), feed_(feed) {}

  std::expected<RemoteBody, Error> result() &&;

  bool key(string_t& name);
  bool parse_error(std::size_t position, const std::string& token, const nlohmann::json::exception& error);

 private:
  friend JsonEvents;

  [[nodiscard]] std::string field_names() const;
  bool scalar(const FieldValue& value);
  bool open(bool array);
  bool close();
  void field_value(const FieldValue& value);
  void take_result(bool number);
  bool refuse(ErrorCode code, std::string detail);
  void fault(std::string pointer, std::string detail);

  const RemoteCall call_;
  JsonFeed& feed_;
  RemoteBody body_;
  std::size_t depth_ = 0;
  const Field* field_ = nullptr;  ///< Whose value comes next; null while an unknown one is skipped.
  const char* after_key_ = nullptr;
  std::vector<const Field*> seen_;
  std::vector<domain::FieldError> faults_;
  std::optional<Error> refused_;
};

std::expected<RemoteBody, Error> RemoteHandler::result() && {
  if (refused_) return std::unexpected(*std::move(refused_));
  const bool has_token = std::ranges::find(seen_, "token", &Field::name) != seen_.end();
  if (faults_.empty() && call_ != RemoteCall::lease && !has_token)
    fault("/token", "is missing: the token that the lease gave, a string of digits");
  if (body_.retry_after && !body_.retryable) fault("/retry_after", "cannot be given with retryable false");
  if (!faults_.empty()) return std::unexpected(wrong_fields(std::move(faults_)));
  if (body_.result && body_.result->size() > limits::result_bytes) {
    const auto detail = fmt::format("must be at most {} bytes of JSON, not {}; the lease goes on",
                                    limits::result_bytes, body_.result->size());
    return std::unexpected(Error{.code = ErrorCode::payload_too_large,
                                 .detail = fmt::format("/result {}", detail),
                                 .fields = {{"/result", detail}}});
  }
  return std::move(body_);
}

bool RemoteHandler::parse_error(std::size_t /*position*/, const std::string& token,
                                const nlohmann::json::exception& error) {
  if (error.id != number_out_of_range)
    return refuse(ErrorCode::malformed_json, describe_parse_error(feed_, error.what()));
  fault(field_ == nullptr ? "" : pointer_step(field_->name),
        fmt::format("must not hold {}, which no double holds", token.substr(0, 40)));
  return false;
}

bool RemoteHandler::refuse(ErrorCode code, std::string detail) {
  if (!refused_) refused_ = Error{.code = code, .detail = std::move(detail)};
  return false;
}

std::string RemoteHandler::field_names() const {
  std::string names;
  for (const auto& field : table)
    if (field.call == call_) names.append(names.empty() ? "" : ", ").append(field.name);
  return names;
}

bool RemoteHandler::key(string_t& name) {
  if (depth_ != 1) return true;
  const auto* found =
      std::ranges::find_if(table, [&](const Field& one) { return one.call == call_ && one.name == name; });
  field_ = found == table.end() ? nullptr : &*found;
  after_key_ = feed_.read();
  if (field_ == nullptr) {
    fault(pointer_step(name), fmt::format("is not a field here; there are {}", field_names()));
  } else if (std::ranges::find(seen_, field_) != seen_.end()) {
    fault(pointer_step(name), "is given twice");
    field_ = nullptr;
  } else {
    seen_.push_back(field_);
    feed_.abridge(field_->rule == nullptr);
  }
  return true;
}

bool RemoteHandler::scalar(const FieldValue& value) {
  if (depth_ == 0) fault("", "the body must be an object");
  if (depth_ != 1 || field_ == nullptr) return true;
  if (field_->rule == nullptr)
    take_result(is_number(value));
  else
    field_value(value);
  return true;
}

bool RemoteHandler::open(bool array) {
  if (++depth_ > limits::json_depth)
    return refuse(ErrorCode::malformed_json, fmt::format("nested deeper than {} levels", limits::json_depth));
  if (depth_ == 1 && array) fault("", "the body must be an object");
  if (depth_ == 2 && field_ != nullptr && field_->rule != nullptr) field_value(Compound{});
  return true;
}

bool RemoteHandler::close() {
  --depth_;
  if (depth_ == 1 && field_ != nullptr && field_->rule == nullptr) take_result(false);
  return true;
}

void RemoteHandler::field_value(const FieldValue& value) {
  if (auto wrong = field_->rule(body_, value)) fault(pointer_step(field_->name), *std::move(wrong));
  field_ = nullptr;
}

void RemoteHandler::take_result(bool number) {
  feed_.abridge(false);
  body_.result = value_text(feed_, after_key_, number);
  field_ = nullptr;
}

void RemoteHandler::fault(std::string pointer, std::string detail) {
  if (faults_.size() < max_field_errors)
    faults_.push_back({.pointer = std::move(pointer), .detail = std::move(detail)});
}

}  // namespace

std::expected<RemoteBody, Error> parse_remote(RemoteCall call, std::string_view body) {
  if (std::ranges::all_of(body, is_space)) {
    if (call == RemoteCall::lease) return RemoteBody{};
    return std::unexpected(Error{.code = ErrorCode::malformed_json,
                                 .detail = R"(the body is empty; send an object such as {"token":"1"})"});
  }
  // The lexer takes a NUL byte for the end of input.
  if (body.contains('\0'))
    return std::unexpected(
        Error{.code = ErrorCode::malformed_json, .detail = "the body contains a NUL byte"});
  JsonFeed feed(body);
  RemoteHandler handler(call, feed);
  nlohmann::json::sax_parse(feed.begin(), feed.end(), &handler);
  return std::move(handler).result();
}

}  // namespace jobqd::http
