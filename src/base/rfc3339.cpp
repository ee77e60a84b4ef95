#include <jobqd/base/rfc3339.hpp>

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

namespace jobqd::base {

namespace {

/// Reads a text from left to right. After the first mismatch everything fails.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  int digits(std::size_t count) {
    int number = 0;
    for (std::size_t i = 0; i < count; ++i) number = number * 10 + digit();
    return number;
  }
  bool next_is(char c) {
    if (rest_.empty() || std::tolower(static_cast<unsigned char>(rest_.front())) != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) { good_ = next_is(c) && good_; }
  [[nodiscard]] bool at_digit() const {
    return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9';
  }
  int digit() {
    if (!at_digit()) {
      good_ = false;
      return 0;
    }
    const int value = rest_.front() - '0';
    rest_.remove_prefix(1);
    return value;
  }
  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] bool finished() const { return good_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

/// The fraction after the point, in milliseconds; at least one digit.
int read_fraction(Reader& in) {
  int thousandths = in.digit() * 100;
  for (int weight = 10; in.at_digit(); weight /= 10) thousandths += in.digit() * weight;
  return thousandths;
}

std::optional<std::chrono::minutes> read_offset(Reader& in) {
  if (in.next_is('z')) return std::chrono::minutes{0};
  const bool behind = in.next_is('-');
  if (!behind) in.expect('+');
  const int hours = in.digits(2);
  in.expect(':');
  const int minutes = in.digits(2);
  if (!in.good() || hours > 23 || minutes > 59) return std::nullopt;
  return std::chrono::minutes{(behind ? -1 : 1) * (hours * 60 + minutes)};
}

}  // namespace

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  namespace c = std::chrono;
  Reader in(text);
  const c::year year(in.digits(4));
  in.expect('-');
  const c::month month(static_cast<unsigned>(in.digits(2)));
  in.expect('-');
  const c::day day(static_cast<unsigned>(in.digits(2)));
  if (!in.next_is(' ')) in.expect('t');
  const int hour = in.digits(2);
  in.expect(':');
  const int minute = in.digits(2);
  in.expect(':');
  const int second = in.digits(2);
  const int fraction = in.next_is('.') ? read_fraction(in) : 0;
  const auto offset = read_offset(in);

  const c::year_month_day date(year, month, day);
  if (!in.finished() || !offset || !date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const auto time = c::sys_days(date) + c::hours(hour) + c::minutes(minute) + c::seconds(second) +
                    milliseconds(fraction) - *offset;
  // An offset or a leap second can lead out of the years 1970 to 9999.
  if (time < WallTime{} || time >= c::sys_days(c::January / 1 / 10'000)) return std::nullopt;
  return time;
}

std::string format_rfc3339(WallTime time) {
  namespace c = std::chrono;
  const auto day = c::floor<c::days>(time);
  const c::year_month_day date(day);
  const c::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

}  // namespace jobqd::base
