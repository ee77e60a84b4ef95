#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <jobqd/base/clock.hpp>

namespace jobqd::domain {

/// The status of a job. There are exactly four.
enum class Status : std::uint8_t { queued, running, done, failed };

inline constexpr std::size_t status_count = 4;

/// Details of a status: `ready` to `no_queue` go with queued, the rest with failed; running and done have
/// none.
enum class Reason : std::uint8_t {
  none,
  ready,
  delayed,
  backoff,
  paused,
  no_worker,
  throttled,
  circuit_open,
  not_working,
  no_queue,
  exhausted,
  rejected,
  cancelled,
  expired,
  interrupted,
};

inline constexpr std::size_t reason_count = static_cast<std::size_t>(Reason::interrupted) + 1;

/// The reasons of queued jobs. A job that is due shows the first one that is true of it; of the others, only
/// `no_queue` comes before `delayed` and `backoff`.
inline constexpr std::array queued_reasons{Reason::no_queue,     Reason::not_working, Reason::paused,
                                           Reason::circuit_open, Reason::throttled,   Reason::no_worker,
                                           Reason::ready,        Reason::delayed,     Reason::backoff};

[[nodiscard]] std::string_view to_string(Status status);

/// Empty for Reason::none.
[[nodiscard]] std::string_view to_string(Reason reason);

[[nodiscard]] std::optional<Status> status_from(std::string_view text);
[[nodiscard]] std::optional<Reason> reason_from(std::string_view text);

/// The state of a job. Changed only by the functions of lifecycle.hpp.
struct Progress {
  Status status = Status::queued;
  Reason reason = Reason::ready;
  std::uint8_t deferrals = 0;       ///< Attempts that the receiver deferred, at most limits::deferrals.
  bool simulated = false;           ///< The latest attempt that ended only pretended to work.
  std::uint32_t attempts = 0;       ///< Starts, including interrupted ones, but not those that never began.
  std::uint32_t failures = 0;       ///< Failed attempts since the last retry by a client.
  std::uint32_t interruptions = 0;  ///< Attempts cut short by a stop, a crash or a lost lease.
  bool operator==(const Progress&) const = default;
};

/// A job as a producer submits it. Code that builds one from outside input checks it against limits.hpp.
struct NewJob {
  std::string id;
  std::string queue = "default";
  std::string payload = "null";  ///< JSON text, byte for byte as received.
  std::optional<std::uint16_t> max_retries = {};
  std::int8_t priority = 0;
  std::optional<base::milliseconds> delay = {};
  std::optional<base::WallTime> run_at = {};
  std::optional<base::milliseconds> timeout = {};
  std::string traceparent = {};  ///< W3C Trace Context of the request; empty: none.
};

/// The lease under which a remote worker holds a running job.
struct JobLease {
  std::string worker = {};  ///< Its name; empty if it gave none.
  base::WallTime expires_at{};
};

/// A snapshot of a job in the store; owns its strings.
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
  std::optional<JobLease> lease = {};      ///< If a remote worker runs it.
};

/// A hash of the job's content, the same on every machine and in every version. It distinguishes a repeated
/// request (200) from another job under the same id (409). The traceparent is not content. XXH3, 64 bits; no
/// protection against forgery.
[[nodiscard]] std::uint64_t fingerprint(const NewJob& job);

}  // namespace jobqd::domain
