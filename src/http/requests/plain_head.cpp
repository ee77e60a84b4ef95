#include "http/requests/plain_head.hpp"

#include <algorithm>
#include <charconv>

#include <boost/beast/core/string.hpp>

#include <jobqd/base/characters.hpp>

namespace jobqd::http {

namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::size_t digits_max = 18;  // They fit 64 bits.

bool is_named(std::string_view name, std::string_view lower_case) {
  return name.size() == lower_case.size() &&
         boost::beast::iequals({name.data(), name.size()}, {lower_case.data(), lower_case.size()});
}

/// Removes and returns the text before the mark, and removes the mark. Empty if there is no mark.
std::string_view take_until(std::string_view& text, char mark) {
  const auto size = text.find(mark);
  if (size == std::string_view::npos) return {};
  const auto taken = text.substr(0, size);
  text.remove_prefix(size + 1);
  return taken;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view space = " \t";
  while (!text.empty() && space.contains(text.front())) text.remove_prefix(1);
  while (!text.empty() && space.contains(text.back())) text.remove_suffix(1);
  return text;
}

bool take_request_line(std::string_view& text, HeadFacts& facts) {
  constexpr std::string_view rest = "HTTP/1.1\r\n";
  facts.method = take_until(text, ' ');
  facts.target = take_until(text, ' ');
  if (facts.method.empty() || !std::ranges::all_of(facts.method, base::is_token_char)) return false;
  if (facts.target.empty() || !std::ranges::all_of(facts.target, base::is_printable)) return false;
  if (!text.starts_with(rest)) return false;
  text.remove_prefix(rest.size());
  return true;
}

bool take_field(std::string_view& text, HeaderField& field) {
  field.name = take_until(text, ':');
  if (field.name.empty() || !std::ranges::all_of(field.name, base::is_token_char)) return false;
  field.value = trimmed(take_until(text, '\r'));
  if (!text.starts_with('\n')) return false;
  text.remove_prefix(1);
  return true;
}

/// Records a field that concerns the request. false: it is one that a plain head does not have.
bool note(const HeaderField& field, HeadFacts& facts) {
  const auto& [name, value] = field;
  switch (name.size()) {
    case 4:
      if (is_named(name, "host") && facts.host_count++ == 0) facts.host = value;
      return true;
    case 6:
      return !is_named(name, "expect");
    case 7:
      return !is_named(name, "upgrade");
    case 10:
      return !is_named(name, "connection") || is_named(value, "keep-alive");
    case 14:
      if (is_named(name, "content-length") && facts.content_length_count++ == 0) facts.content_length = value;
      return true;
    case 16:
      return !is_named(name, "content-encoding") && !is_named(name, "proxy-connection");
    case 17:
      return !is_named(name, "transfer-encoding");
    default:
      return true;
  }
}

/// The length of the body; empty if the general reader has to decide about it.
std::optional<std::uint64_t> body_length(const HeadFacts& facts, std::uint64_t max_body) {
  std::uint64_t length = 0;
  if (facts.content_length_count == 0) return length;
  const auto& text = facts.content_length;
  const bool plain = facts.content_length_count == 1 && !text.empty() && text.size() <= digits_max &&
                     std::ranges::all_of(text, base::is_digit) && (text.size() == 1 || text.front() != '0');
  if (!plain) return std::nullopt;
  std::from_chars(text.data(), text.data() + text.size(), length);
  return length <= max_body ? std::optional(length) : std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> read_plain_head(std::string_view head, std::uint64_t max_body, HeadFacts& facts,
                                             std::vector<HeaderField>& fields) {
  if (!take_request_line(head, facts)) return std::nullopt;
  while (head != line_end) {
    auto& field = fields.emplace_back();
    if (!take_field(head, field) || !note(field, facts)) return std::nullopt;
  }
  return body_length(facts, max_body);
}

}  // namespace jobqd::http
