// What the short way reads of a body is what the JSON library reads of it.

#include "fuzz/require.hpp"
#include "http/bodies/body_readings.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace jobqd;
  if (const auto readings = http::read_body_twice(fuzz::text_of(data, size)))
    fuzz::require_equal(readings->plain, readings->library, "both readers see the same jobs");
  return 0;
}
