#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <jobqd/domain/limits.hpp>

#include "http/bodies/body_faults.hpp"
#include "http/bodies/field_values.hpp"
#include "http/bodies/json_feed.hpp"

namespace jobqd::http {

/// What a body may hold, and what is said of one that holds something else.
template <class Target>
struct BodyForm {
  Fields<Target> fields;
  std::string_view empty_body;
  std::string_view wrong_body;          ///< It is neither an object nor, where that is allowed, an array.
  std::string_view wrong_element = {};  ///< An element of the array is not an object.
  std::string_view unknown_field;       ///< Followed by the fields there are.
  std::size_t most = 1;                 ///< Objects in an array.
  std::string_view things = {};         ///< What they are.
};

/// Nothing but white space (RFC 8259, section 2).
[[nodiscard]] bool is_blank(std::string_view body);

/// What the JSON library says of a text that is not JSON, with place and text as they stand, for people.
[[nodiscard]] std::string describe_parse_error(const JsonFeed& feed, std::string_view what);

/// The text of the value that the JSON library has just read, byte for byte. `after_key` is how far it had
/// read behind the value's key; `is_number` says that the value is a number.
[[nodiscard]] std::string_view value_text(const JsonFeed& feed, const char* after_key, bool is_number);

/// Hands the events of nlohmann's sax_parse() to a reader: key(name), scalar(value), open(array), close() and
/// parse_error(token, error). Each returns false to end the reading.
template <class Reader>
class JsonEvents {
 public:
  using Json = nlohmann::json;

  explicit JsonEvents(Reader& reader) : reader_(reader) {}

  bool null() { return reader_.scalar(nullptr); }
  bool boolean(bool value) { return reader_.scalar(value); }
  bool number_integer(Json::number_integer_t value) { return reader_.scalar(std::int64_t{value}); }
  bool number_unsigned(Json::number_unsigned_t value) { return reader_.scalar(std::uint64_t{value}); }
  bool number_float(Json::number_float_t value, const std::string& /*text*/) { return reader_.scalar(value); }
  bool string(std::string& value) { return reader_.scalar(std::string_view(value)); }
  bool binary(Json::binary_t& /*value*/) { return false; }
  bool start_object(std::size_t /*size*/) { return reader_.open(false); }
  bool key(std::string& name) { return reader_.key(name); }
  bool end_object() { return reader_.close(); }
  bool start_array(std::size_t /*size*/) { return reader_.open(true); }
  bool end_array() { return reader_.close(); }
  bool parse_error(std::size_t /*position*/, const std::string& token, const Json::exception& error) {
    return reader_.parse_error(token, error);
  }

 private:
  Reader& reader_;
};

/// Reads a body, an object or an array of objects, event by event: no document is built, and what a field
/// keeps is cut out of the body byte for byte.
///
/// Used once and on one thread: read(), then perhaps fault() for rules that concern several fields, then
/// error(). The body, the form and the targets outlive it; what it has put into the targets counts only when
/// there is no error.
template <class Target>
class FieldReader {
 public:
  /// For a body that is one object.
  FieldReader(std::string_view body, const BodyForm<Target>& form, Target& target)
      : body_(body), feed_(body), form_(form), target_(&target) {}

  /// For a body that is one object or an array of them; each becomes one more target.
  FieldReader(std::string_view body, const BodyForm<Target>& form, std::vector<Target>& targets)
      : body_(body), feed_(body), form_(form), targets_(&targets) {}

  ~FieldReader() = default;

  FieldReader(const FieldReader&) = delete;
  FieldReader& operator=(const FieldReader&) = delete;

  void read();

  /// Whether the body is an array.
  [[nodiscard]] bool is_array() const { return array_; }

  /// Whether the last object has this field.
  [[nodiscard]] bool has(std::string_view name) const {
    const auto* field = find_field(form_.fields, name);
    return field != nullptr && (seen_ & field_bit(form_.fields, *field)) != 0;
  }

  /// Whether nothing has been found wrong yet.
  [[nodiscard]] bool faultless() const { return faults_.none(); }

  /// Something is wrong with a field of the last object; without a name: with the object.
  void fault(std::optional<std::string_view> name, std::string detail) {
    faults_.add(pointer_to(name), std::move(detail));
  }

  /// Errors: malformed_json, also for too deep nesting; invalid_field with a pointer to each wrong field.
  [[nodiscard]] std::optional<domain::Error> error() && { return std::move(faults_).error(); }

 private:
  friend JsonEvents<FieldReader>;

  /// The depth of a field's value; deeper ones belong to the value of a field.
  [[nodiscard]] std::size_t field_level() const { return array_ ? 2 : 1; }

  bool key(std::string_view name);
  bool scalar(const FieldValue& value);
  bool open(bool array);
  bool close();
  bool parse_error(std::string_view token, const nlohmann::json::exception& error);

  bool begin_object();
  void apply_rule(const FieldValue& value);
  void keep_text(bool is_number);
  bool refuse(domain::ErrorCode code, std::string detail);
  [[nodiscard]] std::string field_names() const;
  [[nodiscard]] std::string pointer_to(std::optional<std::string_view> name) const;

  const std::string_view body_;
  JsonFeed feed_;
  const BodyForm<Target>& form_;
  std::vector<Target>* targets_ = nullptr;  ///< Null: an array is not allowed.
  Target* target_ = nullptr;                ///< The present object goes here.
  bool array_ = false;
  std::size_t depth_ = 0;
  std::uint32_t seen_ = 0;                ///< Bits of the fields of the present object.
  const Field<Target>* field_ = nullptr;  ///< Its value comes next; null while a value is passed over.
  const char* after_key_ = nullptr;
  BodyFaults faults_;
};

template <class Target>
void FieldReader<Target>::read() {
  if (is_blank(body_)) {
    refuse(domain::ErrorCode::malformed_json, std::string(form_.empty_body));
  } else if (body_.contains('\0')) {  // The library takes a NUL byte for the end of the text.
    refuse(domain::ErrorCode::malformed_json, "the body contains a NUL byte");
  } else {
    JsonEvents<FieldReader> events(*this);
    nlohmann::json::sax_parse(feed_.begin(), feed_.end(), &events);
  }
}

template <class Target>
bool FieldReader<Target>::key(std::string_view name) {
  if (depth_ != field_level()) return true;
  field_ = find_field(form_.fields, name);
  after_key_ = feed_.read();
  if (field_ == nullptr) {
    fault(name, fmt::format("{}; there are {}", form_.unknown_field, field_names()));
  } else if (const auto bit = field_bit(form_.fields, *field_); (seen_ & bit) != 0) {
    fault(name, "is given twice");
    field_ = nullptr;
  } else {
    seen_ |= bit;
    feed_.abridge(field_->keep != nullptr);
  }
  return true;
}

template <class Target>
bool FieldReader<Target>::scalar(const FieldValue& value) {
  if (depth_ < field_level()) {
    if (array_ && !begin_object()) return false;
    fault({}, std::string(array_ ? form_.wrong_element : form_.wrong_body));
  } else if (depth_ == field_level() && field_ != nullptr) {
    if (field_->keep != nullptr)
      keep_text(std::holds_alternative<std::int64_t>(value) || std::holds_alternative<std::uint64_t>(value) ||
                std::holds_alternative<double>(value));
    else
      apply_rule(value);
  }
  return true;
}

template <class Target>
bool FieldReader<Target>::open(bool array) {
  if (++depth_ > domain::limits::json_depth)
    return refuse(domain::ErrorCode::malformed_json,
                  fmt::format("nested deeper than {} levels", domain::limits::json_depth));
  if (depth_ == 1 && array && targets_ != nullptr) {
    array_ = true;
  } else if (depth_ == field_level()) {
    if (!begin_object()) return false;
    if (array) fault({}, std::string(array_ ? form_.wrong_element : form_.wrong_body));
  } else if (depth_ == field_level() + 1 && field_ != nullptr && field_->keep == nullptr) {
    apply_rule(Compound{});
  }
  return true;
}

template <class Target>
bool FieldReader<Target>::close() {
  --depth_;
  if (depth_ == field_level() && field_ != nullptr && field_->keep != nullptr) keep_text(false);
  return true;
}

template <class Target>
bool FieldReader<Target>::parse_error(std::string_view token, const nlohmann::json::exception& error) {
  constexpr int number_out_of_range = 406;  // The text is JSON, but no double holds one of its numbers.
  if (error.id != number_out_of_range)
    return refuse(domain::ErrorCode::malformed_json, describe_parse_error(feed_, error.what()));
  if (field_ != nullptr || faultless())  // Else the field around it has been reported.
    fault(field_ == nullptr ? std::nullopt : std::optional(field_->name),
          fmt::format("must not hold {}, which no double holds", token.substr(0, 40)));
  return false;
}

template <class Target>
bool FieldReader<Target>::begin_object() {
  if (targets_ != nullptr) {
    if (targets_->size() == form_.most)
      return refuse(domain::ErrorCode::invalid_field,
                    fmt::format("more than {} {} in one request", form_.most, form_.things));
    target_ = &targets_->emplace_back();
  }
  seen_ = 0;
  return true;
}

template <class Target>
void FieldReader<Target>::apply_rule(const FieldValue& value) {
  if (auto wrong = field_->rule(*target_, value)) fault(field_->name, *std::move(wrong));
  field_ = nullptr;
}

template <class Target>
void FieldReader<Target>::keep_text(bool is_number) {
  feed_.abridge(false);
  field_->keep(*target_, value_text(feed_, after_key_, is_number));
  field_ = nullptr;
}

template <class Target>
bool FieldReader<Target>::refuse(domain::ErrorCode code, std::string detail) {
  faults_.refuse(code, std::move(detail),
                 field_ == nullptr ? std::nullopt : std::optional(pointer_to(field_->name)));
  return false;
}

template <class Target>
std::string FieldReader<Target>::field_names() const {
  std::string names;
  for (const auto& field : form_.fields) names.append(names.empty() ? "" : ", ").append(field.name);
  return names;
}

template <class Target>
std::string FieldReader<Target>::pointer_to(std::optional<std::string_view> name) const {
  std::string pointer = array_ && !targets_->empty() ? fmt::format("/{}", targets_->size() - 1) : "";
  if (name) pointer += pointer_step(*name);
  return pointer;
}

}  // namespace jobqd::http
