#include "http/uuid7.hpp"

#include <cstdint>

#include <fmt/format.h>

namespace jobqd::http {

std::string make_uuid7(domain::WallTime now, domain::Random& random) {
  const auto time = static_cast<std::uint64_t>(now.time_since_epoch().count());
  const auto a = random.bits();
  const auto b = random.bits();
  return fmt::format("{:08x}-{:04x}-7{:03x}-{:04x}-{:012x}", (time >> 16) & 0xFFFFFFFFU, time & 0xFFFFU, a & 0xFFFU,
                     0x8000U | ((a >> 12) & 0x3FFFU), b & 0xFFFFFFFFFFFFU);
}

}  // namespace jobqd::http
