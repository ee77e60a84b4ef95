#include "http/bodies/plain_body.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>

#include <jobqd/base/characters.hpp>
#include <jobqd/domain/limits.hpp>

#include "http/bodies/job_fields.hpp"

namespace jobqd::http {

namespace {

/// Levels within a payload. Deeper ones are left to the general reader.
constexpr int payload_levels = 8;
static_assert(payload_levels + 2 < domain::limits::json_depth);
/// So many digits always fit into 64 bits.
constexpr std::ptrdiff_t digits_max = 18;

/// One pass over the text. Each take_…() returns true when it has read what it is named after. After false
/// the position means nothing any more, and the body goes to the general reader.
class PlainReader {
 public:
  explicit PlainReader(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  bool take_body(EnqueueBody& body);

 private:
  void skip_space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }
  /// A mark, with white space on both sides of it.
  bool take(char mark) {
    skip_space();
    if (at_ == end_ || *at_ != mark) return false;
    ++at_;
    skip_space();
    return true;
  }
  bool take_digits() {
    const char* const from = at_;
    at_ = std::find_if_not(at_, end_, base::is_digit);
    return at_ != from && at_ - from <= digits_max;
  }

  bool take_batch(std::vector<domain::NewJob>& jobs);
  bool take_job(domain::NewJob& job);
  bool take_field(domain::NewJob& job, std::uint32_t& seen);
  bool take_field_value(FieldValue& value);
  bool take_string(std::string_view& text);
  bool take_word(std::string_view word);
  bool take_integer();
  bool take_number();
  bool take_value(int levels);
  bool take_members(int levels, bool named, char close);

  const Fields<domain::NewJob> fields_ = job_fields();
  const char* at_;
  const char* end_;
};

bool PlainReader::take_body(EnqueueBody& body) {
  skip_space();
  body.batch = at_ != end_ && *at_ == '[';
  const bool taken = body.batch ? take_batch(body.jobs) : take_job(body.jobs.emplace_back());
  skip_space();
  return taken && at_ == end_;
}

bool PlainReader::take_batch(std::vector<domain::NewJob>& jobs) {
  if (!take('[')) return false;
  do {
    if (jobs.size() == domain::limits::batch_jobs || !take_job(jobs.emplace_back())) return false;
  } while (take(','));
  return take(']');
}

bool PlainReader::take_job(domain::NewJob& job) {
  if (!take('{')) return false;
  std::uint32_t seen = 0;
  do {
    if (!take_field(job, seen)) return false;
  } while (take(','));
  return take('}');
}

bool PlainReader::take_field(domain::NewJob& job, std::uint32_t& seen) {
  std::string_view name;
  if (!take_string(name) || !take(':')) return false;
  const auto* field = find_field(fields_, name);
  if (field == nullptr || (seen & field_bit(fields_, *field)) != 0) return false;
  seen |= field_bit(fields_, *field);
  const char* const from = at_;
  if (field->keep != nullptr) {
    if (!take_value(payload_levels)) return false;
    field->keep(job, {from, at_});
    return true;
  }
  FieldValue value;
  return take_field_value(value) && !field->rule(job, value);
}

bool PlainReader::take_field_value(FieldValue& value) {
  std::string_view text;
  if (take_string(text)) {
    value = text;
    return true;
  }
  const char* const from = at_;
  if (!take_integer()) return false;
  if (*from == '-')
    std::from_chars(from, at_, value.emplace<std::int64_t>());
  else
    std::from_chars(from, at_, value.emplace<std::uint64_t>());
  return true;
}

bool PlainReader::take_string(std::string_view& text) {
  if (at_ == end_ || *at_ != '"') return false;
  const char* const close = std::find_if_not(at_ + 1, end_, base::is_plain_in_string);
  if (close == end_ || *close != '"') return false;
  text = {at_ + 1, close};
  at_ = close + 1;
  return true;
}

bool PlainReader::take_word(std::string_view word) {
  if (!std::string_view(at_, end_).starts_with(word)) return false;
  at_ += word.size();
  return true;
}

bool PlainReader::take_integer() {
  if (at_ != end_ && *at_ == '-') ++at_;
  const bool zero = at_ != end_ && *at_ == '0';
  const char* const first = at_;
  return take_digits() && (!zero || at_ == first + 1);
}

bool PlainReader::take_number() {
  if (!take_integer()) return false;
  if (at_ == end_ || *at_ != '.') return true;
  ++at_;
  return take_digits();
}

/// Does not look at what follows the value. The caller does: only a mark may.
bool PlainReader::take_value(int levels) {
  if (at_ == end_) return false;
  std::string_view text;
  switch (*at_) {
    case '"':
      return take_string(text);
    case '{':
      return levels > 0 && take_members(levels - 1, true, '}');
    case '[':
      return levels > 0 && take_members(levels - 1, false, ']');
    case 't':
      return take_word("true");
    case 'f':
      return take_word("false");
    case 'n':
      return take_word("null");
    default:
      return take_number();
  }
}

// NOLINTNEXTLINE(misc-no-recursion): bounded by `levels`.
bool PlainReader::take_members(int levels, bool named, char close) {
  ++at_;
  skip_space();
  const auto end_of_value = [&] {
    skip_space();
    if (at_ == end_ || *at_ != close) return false;
    ++at_;  // White space after it is not part of the payload.
    return true;
  };
  if (end_of_value()) return true;
  std::string_view name;
  do {
    if (named && !(take_string(name) && take(':'))) return false;
    if (!take_value(levels)) return false;
  } while (take(','));
  return end_of_value();
}

}  // namespace

std::optional<EnqueueBody> read_plain_body(std::string_view body) {
  std::optional<EnqueueBody> result(std::in_place);
  if (!PlainReader(body).take_body(*result)) result.reset();
  return result;
}

}  // namespace jobqd::http
