#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <string>
#include <string_view>

#include <jobqd/base/json_string.hpp>

namespace jobqd::http {

/// Writes JSON at the end of a string, which it does not own and which outlives it. Nothing is built or kept
/// on the way: a payload goes out as the text it came in as.
///
/// It puts the commas. That what is begun is ended, and that in an object a key stands before each value, is
/// up to the caller. The string may already hold text, or get more text between two calls.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  void begin_object() { begin('{'); }
  void end_object() { end('}'); }
  void begin_array() { begin('['); }
  void end_array() { end(']'); }

  /// The name of the member whose value is written next. Not escaped: names are our own.
  JsonWriter& key(std::string_view name) {
    begin('"');
    out_ += name;
    out_ += "\":";
    return *this;
  }

  /// A string; what is not UTF-8 becomes U+FFFD.
  void string(std::string_view text) {
    separate();
    base::append_json_string(out_, text);
  }

  /// JSON text as it is. It must be one whole value.
  void raw(std::string_view json) {
    separate();
    out_ += json;
  }

  void boolean(bool value) { raw(value ? "true" : "false"); }

  template <std::integral Number>
    requires(!std::same_as<Number, bool>)
  void number(Number value) {
    std::array<char, 24> digits{};
    raw({digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr});
  }

 private:
  void separate() {
    if (comma_) out_ += ',';
    comma_ = true;
  }
  void begin(char mark) {
    if (comma_) out_ += ',';
    out_ += mark;
    comma_ = false;
  }
  void end(char mark) {
    out_ += mark;
    comma_ = true;
  }

  std::string& out_;
  bool comma_ = false;  ///< Before the next key or element.
};

}  // namespace jobqd::http
