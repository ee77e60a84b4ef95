#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <jobqd/base/clock.hpp>
#include <jobqd/base/mutex.hpp>
#include <jobqd/engine/duty.hpp>
#include <jobqd/engine/files.hpp>

#include "app/logging/log.hpp"

namespace jobqd::app {

/// Looks at the files of queues (secrets, certificates) and of TLS every 10 seconds, and whenever it runs,
/// and logs what is wrong with them. It waits for file systems, which may be slow or far away, so it has a
/// scheduler, and with it a thread, of its own. `log` outlives it.
class FileWatch final : public engine::Duty {
 public:
  static constexpr base::milliseconds interval{10'000};

  explicit FileWatch(Log& log) : log_(log) {}

  /// The files of this queue, or of TLS if its name is empty, are looked at until they have no other owner.
  /// Thread-safe. Null is no files.
  void add(std::string queue, const std::shared_ptr<engine::Files>& files);

  /// These files are looked at no longer; a look that has begun goes on. Thread-safe. Null is no files.
  void remove(const std::shared_ptr<engine::Files>& files);

  std::optional<base::SteadyTime> run(base::Now now) override;

 private:
  struct Entry {
    std::string queue;
    std::weak_ptr<engine::Files> files;
  };

  Log& log_;
  base::Mutex mutex_;
  std::vector<Entry> entries_ JOBQD_GUARDED_BY(mutex_);
};

}  // namespace jobqd::app
