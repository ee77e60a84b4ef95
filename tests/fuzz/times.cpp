// Durations, RFC 3339 times and Retry-After: what is read keeps its limits, and is the same again when it is
// written down and read.

#include <chrono>

#include <jobqd/base/duration.hpp>
#include <jobqd/base/rfc3339.hpp>

#include "fuzz/require.hpp"
#include "processors/push/answer.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace jobqd;
  using namespace std::chrono_literals;
  const auto text = fuzz::text_of(data, size);

  if (const auto duration = base::parse_duration(text)) {
    fuzz::require(duration->count() >= 0, "a duration is not negative", text);
    const auto written = base::format_duration(*duration);
    fuzz::require(base::parse_duration(written) == duration, "a duration is read as it is written", written);
  }

  if (const auto time = base::parse_rfc3339(text)) {
    const auto written = base::format_rfc3339(*time);
    fuzz::require(base::parse_rfc3339(written) == time, "a time is read as it is written", written);
    fuzz::require(time->time_since_epoch() >= -24h, "a time is of 1970 or later", written);
  }

  for (const auto now : {base::WallTime{}, base::WallTime{1'700'000'000s}, base::WallTime{253'402'300'799s}})
    if (const auto wait = processors::push::read_retry_after(text, now))
      fuzz::require(*wait >= 0ms && *wait <= 24h, "a Retry-After is at most a day", text);
  return 0;
}
