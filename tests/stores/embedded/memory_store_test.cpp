#include <jobqd/stores/embedded_store.hpp>

#include "stores/conformance/conformance.hpp"

namespace jobqd::stores {

INSTANTIATE_TEST_SUITE_P(Memory, StoreConformance, testing::Values(&open_memory_store));

}  // namespace jobqd::stores
