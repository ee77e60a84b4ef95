// A planted fault that `./dev tidy` must refuse: a function that requires the lock is called without it. Not
// part of any program.

#include <jobqd/base/mutex.hpp>

namespace jobqd::plants {

class Counter {
 public:
  void count() {
    {
      const base::MutexLock lock(mutex_);
    }  // Released too early.
    add(1);
  }

 private:
  void add(int more) JOBQD_REQUIRES(mutex_) { count_ += more; }

  base::Mutex mutex_;
  int count_ JOBQD_GUARDED_BY(mutex_) = 0;
};

void call() {
  Counter().count();
}

}  // namespace jobqd::plants
