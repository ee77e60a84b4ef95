#include "stores/embedded/watches.hpp"

#include <algorithm>

namespace jobqd::stores::embedded {

std::optional<Watches::Done> Watches::remove(engine::WatchId watch) {
  const auto found =
      std::ranges::find_if(watches_, [&](const auto& entry) { return entry.second.first == watch; });
  if (found == watches_.end()) return std::nullopt;
  std::optional<Done> done(std::move(found->second.second));
  watches_.erase(found);
  return done;
}

std::vector<Watches::Done> Watches::take(JobHandle job) {
  std::vector<Done> taken;
  const auto [first, last] = watches_.equal_range(job);
  for (auto watch = first; watch != last; ++watch) taken.push_back(std::move(watch->second.second));
  watches_.erase(first, last);
  return taken;
}

}  // namespace jobqd::stores::embedded
