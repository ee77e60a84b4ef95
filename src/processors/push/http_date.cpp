#include "processors/push/http_date.hpp"

#include <algorithm>
#include <array>
#include <span>

#include <jobqd/base/characters.hpp>

namespace jobqd::processors::push {

namespace {

constexpr std::array<std::string_view, 7> days{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr std::array<std::string_view, 7> long_days{"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                    "Friday", "Saturday", "Sunday"};
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// The parts of a date as they are written.
struct Parts {
  int year = 0;
  unsigned month = 0;  ///< From 0.
  unsigned day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
};

std::chrono::year_month_day date_of(const Parts& parts) {
  return {std::chrono::year{parts.year}, std::chrono::month{parts.month + 1}, std::chrono::day{parts.day}};
}

/// Reads a text from left to right. After the first thing that is not there everything else fails too.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  Reader& literal(std::string_view expected) {
    if (!rest_.starts_with(expected)) return fail();
    rest_.remove_prefix(expected.size());
    return *this;
  }

  /// One of these names; its place from 0.
  Reader& one_of(std::span<const std::string_view> names, unsigned& place) {
    const auto found = std::ranges::find_if(names, [&](auto name) { return rest_.starts_with(name); });
    if (found == names.end()) return fail();
    place = static_cast<unsigned>(found - names.begin());
    return literal(*found);
  }

  /// A number of exactly so many digits.
  template <class Number>
  Reader& digits(std::size_t count, Number& number) {
    if (rest_.size() < count || !std::ranges::all_of(rest_.substr(0, count), base::is_digit)) return fail();
    number = 0;
    for (const char c : rest_.substr(0, count)) number = number * 10 + static_cast<Number>(c - '0');
    rest_.remove_prefix(count);
    return *this;
  }

  Reader& time(Parts& parts) {
    return digits(2, parts.hour).literal(":").digits(2, parts.minute).literal(":").digits(2, parts.second);
  }

  [[nodiscard]] bool starts_with(char c) const { return rest_.starts_with(c); }
  [[nodiscard]] bool has_read_all() const { return !failed_ && rest_.empty(); }

 private:
  Reader& fail() {
    failed_ = true;
    rest_ = {};
    return *this;
  }

  std::string_view rest_;
  bool failed_ = false;
};

std::optional<Parts> read_imf_fixdate(std::string_view text) {
  Parts parts;
  unsigned ignored = 0;
  Reader reader(text);
  reader.one_of(days, ignored).literal(", ").digits(2, parts.day).literal(" ").one_of(months, parts.month);
  reader.literal(" ").digits(4, parts.year).literal(" ").time(parts).literal(" GMT");
  return reader.has_read_all() ? std::optional(parts) : std::nullopt;
}

std::optional<Parts> read_rfc850(std::string_view text, base::WallTime now) {
  Parts parts;
  unsigned ignored = 0;
  Reader reader(text);
  reader.one_of(long_days, ignored)
      .literal(", ")
      .digits(2, parts.day)
      .literal("-")
      .one_of(months, parts.month);
  reader.literal("-").digits(2, parts.year).literal(" ").time(parts).literal(" GMT");
  if (!reader.has_read_all()) return std::nullopt;
  const auto latest =
      std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(now)) + std::chrono::years(50);
  parts.year += static_cast<int>(latest.year()) / 100 * 100;
  if (date_of(parts) > latest) parts.year -= 100;
  return parts;
}

std::optional<Parts> read_asctime(std::string_view text) {
  Parts parts;
  unsigned ignored = 0;
  Reader reader(text);
  reader.one_of(days, ignored).literal(" ").one_of(months, parts.month).literal(" ");
  if (reader.starts_with(' '))
    reader.literal(" ").digits(1, parts.day);
  else
    reader.digits(2, parts.day);
  reader.literal(" ").time(parts).literal(" ").digits(4, parts.year);
  return reader.has_read_all() ? std::optional(parts) : std::nullopt;
}

std::optional<base::WallTime> time_of(const Parts& parts) {
  const auto date = date_of(parts);
  constexpr int leap_second = 60;
  if (!date.ok() || parts.hour > 23 || parts.minute > 59 || parts.second > leap_second) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(parts.hour) + std::chrono::minutes(parts.minute) +
         std::chrono::seconds(parts.second);
}

}  // namespace

std::optional<base::WallTime> parse_http_date(std::string_view text, base::WallTime now) {
  auto parts = read_imf_fixdate(text);
  if (!parts) parts = read_rfc850(text, now);
  if (!parts) parts = read_asctime(text);
  return parts ? time_of(*parts) : std::nullopt;
}

}  // namespace jobqd::processors::push
