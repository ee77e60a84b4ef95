#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <jobqd/base/clock.hpp>

namespace jobqd::domain {

/// What a job is. There is no fifth.
enum class Status : std::uint8_t { queued, running, done, failed };

inline constexpr std::size_t status_count = 4;

/// Says more about a status: the first row goes with queued, the second with failed.
enum class Reason : std::uint8_t {
  none,
  ready,
  delayed,
  backoff,
  paused,
  exhausted,
  rejected,
  cancelled,
  expired,
  interrupted,
};

[[nodiscard]] std::string_view to_string(Status status);

/// Empty for Reason::none.
[[nodiscard]] std::string_view to_string(Reason reason);

[[nodiscard]] std::optional<Status> status_from(std::string_view text);
[[nodiscard]] std::optional<Reason> reason_from(std::string_view text);

/// Where a job stands in its life. Changed by the functions of lifecycle.hpp only.
struct Progress {
  Status status = Status::queued;
  Reason reason = Reason::ready;
  std::uint8_t deferrals = 0;       ///< Attempts put off by whom the work is for, at most limits::deferrals.
  std::uint32_t attempts = 0;       ///< Starts, interrupted ones included, but not those that never began.
  std::uint32_t failures = 0;       ///< Attempts that failed since the last fresh budget.
  std::uint32_t interruptions = 0;  ///< Starts that a stop, a crash or a lost lease cut short.
  bool operator==(const Progress&) const = default;
};

/// A job as a producer hands it over; checked by whoever made it from outside input (see limits.hpp).
struct NewJob {
  std::string id;
  std::string queue = "default";
  std::string payload = "null";  ///< JSON text, byte for byte as it came.
  std::optional<std::uint16_t> max_retries = {};
  std::int8_t priority = 0;
  std::optional<base::milliseconds> delay = {};
  std::optional<base::WallTime> run_at = {};
  std::optional<base::milliseconds> timeout = {};
  std::string traceparent = {};  ///< W3C Trace Context, as it came with the request; empty: none.
};

/// A job as the store tells of it: a copy, safe to keep.
struct Job {
  std::string id;
  std::string queue;
  std::string payload;
  Progress progress;
  std::int8_t priority = 0;
  std::uint16_t max_retries = 0;
  std::optional<base::milliseconds> timeout = {};
  base::WallTime enqueued_at{};
  std::optional<base::WallTime> run_at = {};
  std::optional<base::WallTime> started_at = {};
  std::optional<base::WallTime> finished_at = {};
  std::string last_error = {};
  std::optional<std::string> result = {};  ///< JSON text.
};

/// The same content gives the same number, on every machine and in every version: what tells a repeated
/// request (200) from another job under the same id (409). The traceparent is not content. XXH3, 64 bits; not
/// meant against forgery.
[[nodiscard]] std::uint64_t fingerprint(const NewJob& job);

}  // namespace jobqd::domain
