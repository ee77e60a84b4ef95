#include "http/calls/uuid7.hpp"

#include <cstdint>
#include <string_view>

namespace jobqd::http {

namespace {

/// Writes the lowest digits of the number over the places `[from, to)`.
void put_hex(std::string& out, std::size_t from, std::size_t to, std::uint64_t number) {
  constexpr std::string_view hex = "0123456789abcdef";
  for (char* at = out.data() + to; at != out.data() + from; number >>= 4) *--at = hex[number & 0xFU];
}

}  // namespace

std::string make_uuid7(base::WallTime now, base::Random& random) {
  const auto time = static_cast<std::uint64_t>(now.time_since_epoch().count());
  const auto a = random.bits();
  const auto b = random.bits();
  std::string uuid(36, '-');
  put_hex(uuid, 0, 8, time >> 16);
  put_hex(uuid, 9, 13, time);
  put_hex(uuid, 14, 18, 0x7000U | (a & 0xFFFU));
  put_hex(uuid, 19, 23, 0x8000U | ((a >> 12) & 0x3FFFU));
  put_hex(uuid, 24, 36, b);
  return uuid;
}

}  // namespace jobqd::http
