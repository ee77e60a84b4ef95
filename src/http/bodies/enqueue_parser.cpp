#include "http/bodies/enqueue_parser.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <jobqd/domain/limits.hpp>

#include "http/bodies/body_text.hpp"
#include "http/bodies/job_fields.hpp"
#include "http/bodies/json_events.hpp"
#include "http/bodies/json_feed.hpp"
#include "http/bodies/plain_body.hpp"

namespace jobqd::http {

namespace {

using domain::Error;
using domain::ErrorCode;
namespace limits = domain::limits;

/// Receives the body event by event. The level of a job's fields is 1, in a batch 2; deeper ones belong to a
/// value.
class EnqueueHandler : public JsonEvents<EnqueueHandler> {
 public:
  explicit EnqueueHandler(JsonFeed& feed) : feed_(feed) {}

  std::expected<EnqueueBody, Error> result() &&;

  bool key(string_t& name);
  bool parse_error(std::size_t position, const std::string& token, const nlohmann::json::exception& error);

 private:
  friend JsonEvents;

  [[nodiscard]] std::size_t field_level() const { return body_.batch ? 2 : 1; }

  bool begin_job();
  bool scalar(const FieldValue& value);
  bool open(bool array);
  bool close();
  void field_value(const FieldValue& value);
  void take_payload(bool number);

  /// Ends the reading: the body is wrong as a whole.
  bool refuse(ErrorCode code, const std::string& detail);
  /// Notes a wrong field of the current job; no name: the job itself.
  void fault(std::optional<std::string_view> name, std::string detail);
  [[nodiscard]] std::string pointer_to(std::optional<std::string_view> name) const;

  JsonFeed& feed_;
  EnqueueBody body_;
  std::size_t depth_ = 0;
  const FieldSpec* field_ =
      nullptr;  ///< The field whose value comes next; null while an unknown one is skipped.
  const char* after_key_ = nullptr;
  std::uint32_t seen_ = 0;
  std::vector<domain::FieldError> faults_;
  std::optional<Error> refused_;
};

std::expected<EnqueueBody, Error> EnqueueHandler::result() && {
  if (refused_) return std::unexpected(*std::move(refused_));
  if (body_.jobs.empty() && faults_.empty()) fault({}, "the array must hold at least one job");
  if (!faults_.empty()) return std::unexpected(wrong_fields(std::move(faults_)));
  return std::move(body_);
}

bool EnqueueHandler::parse_error(std::size_t /*position*/, const std::string& token,
                                 const nlohmann::json::exception& error) {
  if (error.id != number_out_of_range)
    return refuse(ErrorCode::malformed_json, describe_parse_error(feed_, error.what()));
  if (field_ != nullptr || faults_.empty())
    fault(field_ == nullptr ? std::nullopt : std::optional(field_->name),
          fmt::format("must not hold {}, which no double holds", token.substr(0, 40)));
  return false;
}

bool EnqueueHandler::refuse(ErrorCode code, const std::string& detail) {
  if (refused_) return false;
  refused_ = Error{.code = code, .detail = detail};
  if (field_ != nullptr) refused_->fields.push_back({.pointer = pointer_to(field_->name), .detail = detail});
  return false;
}

bool EnqueueHandler::key(string_t& name) {
  if (depth_ != field_level()) return true;
  field_ = find_field(name);
  after_key_ = feed_.read();
  if (field_ == nullptr) {
    fault(name, fmt::format("is not a field of a job; there are {}", field_names()));
  } else if ((seen_ & field_bit(*field_)) != 0) {
    fault(name, "is given twice");
    field_ = nullptr;
  } else {
    seen_ |= field_bit(*field_);
    feed_.abridge(field_->rule == nullptr);
  }
  return true;
}

bool EnqueueHandler::begin_job() {
  if (body_.jobs.size() == limits::batch_jobs)
    return refuse(ErrorCode::invalid_field,
                  fmt::format("more than {} jobs in one request", limits::batch_jobs));
  body_.jobs.emplace_back();
  seen_ = 0;
  return true;
}

bool EnqueueHandler::scalar(const FieldValue& value) {
  if (depth_ == field_level() && !body_.jobs.empty()) {
    if (field_ != nullptr && field_->rule == nullptr)
      take_payload(is_number(value));
    else
      field_value(value);
  } else if (depth_ < field_level()) {
    if (body_.batch && !begin_job()) return false;
    fault({}, body_.batch ? "each element must be a job (an object)"
                          : "the body must be a job (an object) or an array of jobs");
  }
  return true;
}

bool EnqueueHandler::open(bool array) {
  if (++depth_ > limits::json_depth)
    return refuse(ErrorCode::malformed_json, fmt::format("nested deeper than {} levels", limits::json_depth));
  if (depth_ == 1 && array) {
    body_.batch = true;
  } else if (depth_ == field_level()) {
    if (!begin_job()) return false;
    if (array) fault({}, "each element must be a job (an object)");
  } else if (depth_ == field_level() + 1 && field_ != nullptr && field_->rule != nullptr) {
    field_value(Compound{});
  }
  return true;
}

bool EnqueueHandler::close() {
  --depth_;
  if (depth_ == field_level() && field_ != nullptr && field_->rule == nullptr) take_payload(false);
  return true;
}

void EnqueueHandler::field_value(const FieldValue& value) {
  if (field_ == nullptr) return;
  if (auto wrong = field_->rule(body_.jobs.back(), value)) fault(field_->name, *std::move(wrong));
  field_ = nullptr;
}

void EnqueueHandler::take_payload(bool number) {
  feed_.abridge(false);
  body_.jobs.back().payload = value_text(feed_, after_key_, number);
  field_ = nullptr;
}

void EnqueueHandler::fault(std::optional<std::string_view> name, std::string detail) {
  if (faults_.size() < max_field_errors)
    faults_.push_back({.pointer = pointer_to(name), .detail = std::move(detail)});
}

std::string EnqueueHandler::pointer_to(std::optional<std::string_view> name) const {
  std::string pointer = body_.batch && !body_.jobs.empty() ? fmt::format("/{}", body_.jobs.size() - 1) : "";
  if (name) pointer += pointer_step(*name);
  return pointer;
}

}  // namespace

std::expected<EnqueueBody, Error> parse_enqueue(std::string_view body) {
  if (auto plain = read_plain_body(body)) return *std::move(plain);
  return parse_any_enqueue(body);
}

std::expected<EnqueueBody, Error> parse_any_enqueue(std::string_view body) {
  if (std::ranges::all_of(body, is_space))
    return std::unexpected(
        Error{.code = ErrorCode::malformed_json, .detail = "the body is empty; send a job as JSON"});
  // The lexer takes a NUL byte for the end of input.
  if (body.contains('\0'))
    return std::unexpected(
        Error{.code = ErrorCode::malformed_json, .detail = "the body contains a NUL byte"});
  JsonFeed feed(body);
  EnqueueHandler handler(feed);
  nlohmann::json::sax_parse(feed.begin(), feed.end(), &handler);
  return std::move(handler).result();
}

}  // namespace jobqd::http
