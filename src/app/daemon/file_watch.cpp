#include "app/daemon/file_watch.hpp"

#include <utility>

namespace jobqd::app {

void FileWatch::add(std::string queue, const std::shared_ptr<engine::Files>& files) {
  if (files == nullptr) return;
  const base::MutexLock lock(mutex_);
  entries_.push_back({.queue = std::move(queue), .files = files});
}

void FileWatch::remove(const std::shared_ptr<engine::Files>& files) {
  if (files == nullptr) return;
  const base::MutexLock lock(mutex_);
  std::erase_if(entries_, [&](const Entry& entry) { return entry.files.lock() == files; });
}

std::optional<base::SteadyTime> FileWatch::run(base::Now now) {
  std::vector<Entry> entries;
  {
    const base::MutexLock lock(mutex_);
    std::erase_if(entries_, [](const Entry& entry) { return entry.files.expired(); });
    entries = entries_;
  }
  for (const auto& [queue, files] : entries) {
    const auto present = files.lock();
    if (present == nullptr) continue;
    for (const auto& why : present->look())
      if (queue.empty())
        log_.write_admin(LogLevel::warn, "a file of TLS is not as it should be", {{"why", why}});
      else
        log_.write_admin(LogLevel::warn, "a file of a queue is not as it should be",
                         {{"queue", queue}, {"why", why}});
  }
  return now.steady + interval;
}

}  // namespace jobqd::app
