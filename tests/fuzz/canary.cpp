// A planted fault that the fuzzer has to find: `./dev fuzz` fails where it does not. It takes a chain of
// decisions that no blind guess passes, so what is found shows that coverage guides the search.

#include "fuzz/require.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = jobqd::fuzz::text_of(data, size);
  if (text.size() > 4 && text[0] == 'j' && text[1] == 'o' && text[2] == 'b' && text[3] == '!' &&
      text[4] == '\n')
    jobqd::fuzz::require(false, "the canary is found");
  return 0;
}
