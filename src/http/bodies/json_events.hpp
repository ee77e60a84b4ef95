#pragma once

#include <cstdint>
#include <string_view>

#include <nlohmann/json.hpp>

#include "http/bodies/field_values.hpp"

namespace jobqd::http {

/// What nlohmann's sax_parse() calls, as a handler of fields wants to hear it: scalar(value), open(array),
/// close(); each may end the reading with false. The handler has key() and parse_error() besides, and
/// befriends this base.
template <class Handler>
class JsonEvents {
 public:
  using number_integer_t = nlohmann::json::number_integer_t;
  using number_unsigned_t = nlohmann::json::number_unsigned_t;
  using number_float_t = nlohmann::json::number_float_t;
  using string_t = nlohmann::json::string_t;
  using binary_t = nlohmann::json::binary_t;

  bool null() { return handler().scalar(nullptr); }
  bool boolean(bool value) { return handler().scalar(value); }
  bool number_integer(number_integer_t value) { return handler().scalar(std::int64_t{value}); }
  bool number_unsigned(number_unsigned_t value) { return handler().scalar(std::uint64_t{value}); }
  bool number_float(number_float_t value, const string_t& /*text*/) { return handler().scalar(value); }
  bool string(string_t& value) { return handler().scalar(std::string_view(value)); }
  bool binary(binary_t& /*value*/) { return false; }
  bool start_object(std::size_t /*size*/) { return handler().open(false); }
  bool end_object() { return handler().close(); }
  bool start_array(std::size_t /*size*/) { return handler().open(true); }
  bool end_array() { return handler().close(); }

 private:
  friend Handler;
  JsonEvents() = default;
  Handler& handler() { return static_cast<Handler&>(*this); }
};

}  // namespace jobqd::http
