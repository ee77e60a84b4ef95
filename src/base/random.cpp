#include <jobqd/base/random.hpp>

namespace jobqd::base {

std::uint64_t Random::system_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

std::uint64_t Random::bits() {
  const MutexLock lock(mutex_);
  return engine_();
}

double Random::fraction() {
  return static_cast<double>(bits() >> 11) * 0x1.0p-53;
}

std::int64_t Random::between(std::int64_t low, std::int64_t high) {
  const MutexLock lock(mutex_);
  return std::uniform_int_distribution<std::int64_t>(low, high)(engine_);
}

}  // namespace jobqd::base
