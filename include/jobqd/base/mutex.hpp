#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <utility>

#include <jobqd/base/clock.hpp>

/// Locks that clang checks at compile time (`./dev tidy`). Members that a mutex guards and functions that
/// need it held are annotated; using one without holding the mutex is a compile error.
///
/// Source: "Thread Safety Analysis", clang's documentation. Other compilers ignore the annotations.
#if defined(__clang__)
#define JOBQD_THREAD_ATTRIBUTE(attribute) __attribute__((attribute))
#else
#define JOBQD_THREAD_ATTRIBUTE(attribute)
#endif

/// A class whose objects are held and released, such as a mutex.
#define JOBQD_CAPABILITY(name) JOBQD_THREAD_ATTRIBUTE(capability(name))
/// A class whose objects hold a capability from construction to destruction.
#define JOBQD_SCOPED_CAPABILITY JOBQD_THREAD_ATTRIBUTE(scoped_lockable)
/// A member that may be used only while the mutex is held.
#define JOBQD_GUARDED_BY(mutex) JOBQD_THREAD_ATTRIBUTE(guarded_by(mutex))
/// A pointer member whose target may be used only while the mutex is held.
#define JOBQD_PT_GUARDED_BY(mutex) JOBQD_THREAD_ATTRIBUTE(pt_guarded_by(mutex))
/// A function that must be called with the capabilities held.
#define JOBQD_REQUIRES(...) JOBQD_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
/// A function that must be called without them, because it takes them itself.
#define JOBQD_EXCLUDES(...) JOBQD_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))
/// A function that takes the capabilities and returns with them held.
#define JOBQD_ACQUIRE(...) JOBQD_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
/// A function that tries to take the capability; its result says whether it did.
#define JOBQD_TRY_ACQUIRE(...) JOBQD_THREAD_ATTRIBUTE(try_acquire_capability(__VA_ARGS__))
/// A function that releases the capabilities.
#define JOBQD_RELEASE(...) JOBQD_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
/// Makes the analysis assume that the capability is held, where it cannot see that.
#define JOBQD_ASSERT_CAPABILITY(mutex) JOBQD_THREAD_ATTRIBUTE(assert_capability(mutex))
/// A function that returns a reference to the capability.
#define JOBQD_RETURN_CAPABILITY(mutex) JOBQD_THREAD_ATTRIBUTE(lock_returned(mutex))
/// A function that the analysis skips. A comment beside it gives the reason.
#define JOBQD_NO_THREAD_SAFETY_ANALYSIS JOBQD_THREAD_ATTRIBUTE(no_thread_safety_analysis)

namespace jobqd::base {

/// std::mutex with annotations.
class JOBQD_CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  ~Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() JOBQD_ACQUIRE() { mutex_.lock(); }
  void unlock() JOBQD_RELEASE() { mutex_.unlock(); }
  bool try_lock() JOBQD_TRY_ACQUIRE(true) { return mutex_.try_lock(); }

  /// Tells the analysis, not the running program, that the caller holds it: the first line of a lambda that
  /// is passed to a function, which runs it before it returns, while the lock is held.
  void assert_held() const JOBQD_ASSERT_CAPABILITY(this) {}

 private:
  friend class ConditionVariable;
  friend class StoppableConditionVariable;
  std::mutex mutex_;
};

/// Holds a mutex while it lives.
class JOBQD_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) JOBQD_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() JOBQD_RELEASE() { mutex_.unlock(); }

  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

/// std::condition_variable for Mutex. A wait releases the mutex and takes it again before it returns.
///
/// A condition that reads guarded members is a lambda marked `JOBQD_REQUIRES(mutex_)`.
class ConditionVariable {
 public:
  // The analysis does not follow a mutex through std::unique_lock, and does not know that the mutex that the
  // condition requires is the one passed here. The callers hold it before and after.

  template <class Condition>
  void wait(Mutex& mutex, Condition condition) JOBQD_REQUIRES(mutex) JOBQD_NO_THREAD_SAFETY_ANALYSIS {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    variable_.wait(lock, std::move(condition));
    lock.release();
  }

  /// Returns whether the condition is true at the end.
  template <class Condition>
  bool wait_until(Mutex& mutex, SteadyTime until, Condition condition)
      JOBQD_REQUIRES(mutex) JOBQD_NO_THREAD_SAFETY_ANALYSIS {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    const bool holds = variable_.wait_until(lock, until, std::move(condition));
    lock.release();
    return holds;
  }

  void notify_one() { variable_.notify_one(); }
  void notify_all() { variable_.notify_all(); }

 private:
  std::condition_variable variable_;
};

/// As ConditionVariable, but a stop request ends the wait. Each notification locks a second mutex, inside.
class StoppableConditionVariable {
 public:
  /// Returns whether the condition is true at the end: false only after a stop request.
  template <class Condition>
  bool wait(Mutex& mutex, std::stop_token stop, Condition condition)
      JOBQD_REQUIRES(mutex) JOBQD_NO_THREAD_SAFETY_ANALYSIS {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    const bool holds = variable_.wait(lock, std::move(stop), std::move(condition));
    lock.release();
    return holds;
  }

  /// Returns whether the condition is true at the end.
  template <class Condition>
  bool wait_for(Mutex& mutex, std::stop_token stop, milliseconds longest, Condition condition)
      JOBQD_REQUIRES(mutex) JOBQD_NO_THREAD_SAFETY_ANALYSIS {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    const bool holds = variable_.wait_for(lock, std::move(stop), longest, std::move(condition));
    lock.release();
    return holds;
  }

  /// Returns what the condition says at the end.
  template <class Condition>
  bool wait_until(Mutex& mutex, std::stop_token stop, SteadyTime until, Condition condition)
      JOBQD_REQUIRES(mutex) JOBQD_NO_THREAD_SAFETY_ANALYSIS {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    const bool holds = variable_.wait_until(lock, std::move(stop), until, std::move(condition));
    lock.release();
    return holds;
  }

  void notify_one() { variable_.notify_one(); }
  void notify_all() { variable_.notify_all(); }

 private:
  std::condition_variable_any variable_;
};

}  // namespace jobqd::base
