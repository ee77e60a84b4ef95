#include "support/failing_allocation.hpp"

#include <cstdlib>
#include <new>

namespace {

thread_local std::size_t allocations_left = 0;  // Until the one that fails; 0: none does.
thread_local bool failed = false;

}  // namespace

// NOLINTBEGIN(cppcoreguidelines-no-malloc,cppcoreguidelines-owning-memory): this is what `new` is made of.

void* operator new(std::size_t size, const std::nothrow_t& /*nothrow*/) noexcept {
  const bool fails = allocations_left == 1;
  failed = failed || fails;
  if (allocations_left > 0) --allocations_left;
  if (fails) return nullptr;
  return std::malloc(size == 0 ? 1 : size);
}

void* operator new(std::size_t size) {
  if (void* memory = operator new(size, std::nothrow)) return memory;
  throw std::bad_alloc();
}

void operator delete(void* memory) noexcept {
  std::free(memory);
}

void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}

void operator delete(void* memory, const std::nothrow_t& /*nothrow*/) noexcept {
  std::free(memory);
}

// NOLINTEND(cppcoreguidelines-no-malloc,cppcoreguidelines-owning-memory)

namespace jobqd::support {

FailingAllocation::FailingAllocation(std::size_t number) {
  failed = false;
  allocations_left = number;
}

FailingAllocation::~FailingAllocation() {
  allocations_left = 0;
}

bool FailingAllocation::happened() {
  return failed;
}

}  // namespace jobqd::support
