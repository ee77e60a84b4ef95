#include "fuzz/require.hpp"

#include <cstdlib>
#include <iostream>

namespace jobqd::fuzz {

void require(bool holds, std::string_view what, std::string_view details) {
  if (holds) return;
  std::cerr << "does not hold: " << what << "\n" << details << "\n";
  std::abort();
}

void require_equal(std::string_view one, std::string_view other, std::string_view what) {
  if (one != other) require(false, what, std::string(one) + "\n--- other ---\n" + std::string(other));
}

}  // namespace jobqd::fuzz
