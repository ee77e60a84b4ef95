#include "http/uuid7.hpp"

#include <cstdint>
#include <string_view>

namespace jobqd::http {

namespace {

/// The lowest `digits` hexadecimal digits of the number.
void append_hex(std::string& out, std::uint64_t number, int digits) {
  constexpr std::string_view hex = "0123456789abcdef";
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) out += hex[(number >> shift) & 0xFU];
}

}  // namespace

std::string make_uuid7(domain::WallTime now, domain::Random& random) {
  const auto time = static_cast<std::uint64_t>(now.time_since_epoch().count());
  const auto a = random.bits();
  const auto b = random.bits();
  std::string uuid;
  uuid.reserve(36);
  append_hex(uuid, time >> 16, 8);
  uuid += '-';
  append_hex(uuid, time, 4);
  uuid += "-7";
  append_hex(uuid, a, 3);
  uuid += '-';
  append_hex(uuid, 0x8000U | ((a >> 12) & 0x3FFFU), 4);
  uuid += '-';
  append_hex(uuid, b, 12);
  return uuid;
}

}  // namespace jobqd::http
