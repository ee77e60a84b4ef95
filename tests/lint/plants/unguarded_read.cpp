// A planted data race that `./dev tidy` must refuse: name_of() reads a guarded member without the lock, and
// is called by another thread than the one that assigns it. Not part of any program.

#include <string>
#include <thread>

#include <jobqd/base/mutex.hpp>

namespace jobqd::plants {

class Queue {
 public:
  /// What a change of the configuration does.
  void configure(std::string name) {
    const base::MutexLock lock(mutex_);
    name_ = std::move(name);
  }

  /// What a worker does that comes for its next job.
  std::size_t claim() {
    const auto name = name_of();
    const base::MutexLock lock(mutex_);
    return name == name_ ? name.size() : 0;
  }

 private:
  /// Its name does not say that it needs the lock, nor does an annotation.
  [[nodiscard]] std::string name_of() const { return name_; }

  mutable base::Mutex mutex_;
  std::string name_ JOBQD_GUARDED_BY(mutex_);
};

void race() {
  Queue queue;
  const std::jthread worker([&] { queue.claim(); });
  queue.configure("mail");
}

}  // namespace jobqd::plants
