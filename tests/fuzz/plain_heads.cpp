// What the short way reads of a head is what Beast reads of it.

#include "fuzz/require.hpp"
#include "http/requests/head_readings.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace jobqd;
  auto head = fuzz::text_of(data, size);
  if (!head.ends_with("\r\n\r\n")) head += "\r\n\r\n";
  if (const auto readings = http::read_head_twice(head))
    fuzz::require_equal(readings->plain, readings->beast, "both readers see the same head");
  return 0;
}
