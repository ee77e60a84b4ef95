#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

/// Limits of a job that are not configurable.
namespace jobqd::domain::limits {

inline constexpr std::size_t id_bytes = 255;
inline constexpr std::size_t queue_bytes = 64;
inline constexpr std::int64_t max_retries = 1000;
inline constexpr std::int64_t priority_lowest = -100;
inline constexpr std::int64_t priority_highest = 100;
inline constexpr std::size_t batch_jobs = 10'000;
inline constexpr std::size_t json_depth = 64;
inline constexpr std::chrono::milliseconds delay_longest = std::chrono::days{366};
inline constexpr std::chrono::milliseconds timeout_longest = std::chrono::hours{24};
inline constexpr std::uint8_t deferrals = 20;
inline constexpr std::size_t result_bytes = 64 * 1024;
inline constexpr std::size_t error_bytes = 4 * 1024;

}  // namespace jobqd::domain::limits
