#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <jobqd/base/clock.hpp>
#include <jobqd/traces/exporter.hpp>

/// When spans are sent, and what an answer means: decisions without state.
namespace jobqd::traces {

inline constexpr std::size_t most_waiting = 2'048;  ///< Spans that wait to be sent. More are dropped.
inline constexpr std::size_t most_in_batch = 512;
inline constexpr base::milliseconds batch_period{5'000};  ///< Between batches that are not full.
/// Between full ones, so that a flood of spans takes little of the daemon and of the collector: at most 5,120
/// of them a second are sent.
inline constexpr base::milliseconds batch_pause{100};

/// When the next batch is to be sent, with `waiting` spans and the last batch at `last`.
[[nodiscard]] base::SteadyTime next_batch(std::size_t waiting, base::SteadyTime last);

/// How long to wait before a batch is sent again, after `retries` retries; empty: it is given up.
///
/// OTLP: only 429, 502, 503 and 504 may be sent again, and no connection; not sooner than Retry-After says.
/// The wait doubles from a second on; `fraction`, in [0, 1), takes up to half of it away. After five retries
/// a batch is given up.
[[nodiscard]] std::optional<base::milliseconds> wait_before_retry(const Reply& reply, unsigned retries,
                                                                  double fraction);

/// What the body of a 2xx says about spans that the collector did not take.
struct PartialSuccess {
  std::uint64_t rejected = 0;
  std::string message = {};  ///< May be a warning where none is rejected.
};
/// Nothing was rejected where the body is empty or no JSON.
[[nodiscard]] PartialSuccess read_partial_success(std::string_view body);

}  // namespace jobqd::traces
