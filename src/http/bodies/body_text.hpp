#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <jobqd/domain/error.hpp>

#include "http/bodies/field_values.hpp"
#include "http/bodies/json_feed.hpp"

/// What the parsers of JSON bodies share.
namespace jobqd::http {

/// So many wrong fields are told.
inline constexpr std::size_t max_field_errors = 16;

/// The id of what nlohmann/json throws for JSON that holds a number no double holds.
inline constexpr int number_out_of_range = 406;

[[nodiscard]] bool is_space(char c);

[[nodiscard]] bool is_number(const FieldValue& value);

/// What a parser says of a text that is not JSON, with place and text as they are, for people.
[[nodiscard]] std::string describe_parse_error(const JsonFeed& feed, std::string_view what);

/// A field's name as a step of a JSON pointer (RFC 6901, section 3), cut to 100 bytes.
[[nodiscard]] std::string pointer_step(std::string_view name);

/// The text of the value that the parser has just read, byte for byte. `after_key` is where it stood behind
/// the value's key; `number` says that the value is one.
[[nodiscard]] std::string_view value_text(const JsonFeed& feed, const char* after_key, bool number);

/// The error of a body with wrong fields, which has at least one.
[[nodiscard]] domain::Error wrong_fields(std::vector<domain::FieldError> faults);

}  // namespace jobqd::http
