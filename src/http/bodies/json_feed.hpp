#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include <jobqd/base/characters.hpp>

namespace jobqd::http {

/// Hands a JSON text to a parser character by character, and reports how far the parser has read.
///
/// abridge(true) skips the harmless inside of strings: printable ASCII except quotes and backslashes, which
/// is valid in every JSON string. The parser still checks everything else, several times faster, but the
/// strings it reports are incomplete. Not thread-safe; the text outlives the feed.
class JsonFeed {
 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    Iterator(JsonFeed& feed, const char* at) : feed_(&feed), at_(at) {}

    reference operator*() const { return *at_; }
    Iterator& operator++() {
      at_ = feed_->consume(at_);
      return *this;
    }
    Iterator operator++(int) {
      auto before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.at_ == b.at_; }

   private:
    JsonFeed* feed_;
    const char* at_;
  };

  explicit JsonFeed(std::string_view text)
      : begin_(text.data()), end_(text.data() + text.size()), read_(begin_) {}

  Iterator begin() { return {*this, begin_}; }
  Iterator end() { return {*this, end_}; }

  /// The end of what the parser has read.
  [[nodiscard]] const char* read() const { return read_; }
  [[nodiscard]] const char* text_end() const { return end_; }

  /// The place of the last character that was read, for people.
  [[nodiscard]] std::string position() const {
    const auto line = std::count(begin_, read_, '\n') + 1;
    const auto line_begin =
        std::find(std::reverse_iterator(read_), std::reverse_iterator(begin_), '\n').base();
    return fmt::format("line {}, column {}", line, read_ - line_begin);
  }

  /// The last 24 bytes that were read, or fewer, so that no character is cut.
  [[nodiscard]] std::string_view last_read() const {
    const char* from = read_ - std::min<std::ptrdiff_t>(read_ - begin_, 24);
    from =
        std::find_if_not(from, read_, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80; });
    return {from, read_};
  }

  /// Switches skipping on or off. Only between two values.
  void abridge(bool on) {
    abridging_ = on;
    in_string_ = false;
    verbatim_ = 0;
  }

 private:
  const char* consume(const char* at) {
    read_ = at + 1;
    if (abridging_ && (in_string_ || *at == '"')) follow_string(*at);
    return read_;
  }

  /// `c` was read inside a string, or is one of its quotes. Nothing is skipped within an escape sequence or a
  /// character of several bytes, nor right after one, so that the rest never joins into something valid.
  void follow_string(char c) {
    if (verbatim_ > 0) {
      verbatim_ = c == 'u' ? 4 : verbatim_ - 1;
      return;
    }
    if (c == '\\') verbatim_ = 1;
    if (c == '"') in_string_ = !in_string_;
    if (in_string_ && (c == '"' || base::is_plain_in_string(c)))
      read_ = std::find_if_not(read_, end_, base::is_plain_in_string);
  }

  const char* begin_;
  const char* end_;
  const char* read_;
  bool abridging_ = false;
  bool in_string_ = false;
  int verbatim_ = 0;  ///< Characters left of an escape sequence.
};

}  // namespace jobqd::http
