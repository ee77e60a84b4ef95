#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// What a fuzzer is: a program that libFuzzer calls with one input after another. It finds what crashes, what
/// the sanitizers report, and what does not hold here.
namespace jobqd::fuzz {

/// Ends the program with a message if the condition does not hold.
void require(bool holds, std::string_view what, std::string_view details = {});

/// The same text has to come from both sides.
void require_equal(std::string_view one, std::string_view other, std::string_view what);

inline std::string text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace jobqd::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
