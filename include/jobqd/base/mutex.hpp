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
/// A function that must be called with the capabilities held.
#define JOBQD_REQUIRES(...) JOBQD_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
/// A function that must be called without them, because it takes them itself.
#define JOBQD_EXCLUDES(...) JOBQD_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))
/// A function that takes the capabilities and returns with them held.
#define JOBQD_ACQUIRE(...) JOBQD_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
/// A function that takes the capabilities if it returns the given value.
#define JOBQD_TRY_ACQUIRE(...) JOBQD_THREAD_ATTRIBUTE(try_acquire_capability(__VA_ARGS__))
/// A function that releases the capabilities.
#define JOBQD_RELEASE(...) JOBQD_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
/// Makes the analysis assume that the capability is held, where it cannot see that.
#define JOBQD_ASSERT_CAPABILITY(mutex) JOBQD_THREAD_ATTRIBUTE(assert_capability(mutex))
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
  /// Never waits.
  [[nodiscard]] bool try_lock() JOBQD_TRY_ACQUIRE(true) { return mutex_.try_lock(); }

  /// Tells the analysis, not the running program, that the caller holds it: the first line of a lambda that
  /// is passed to a function, which runs it before it returns, while the lock is held.
  void assert_held() const JOBQD_ASSERT_CAPABILITY(this) {}

 private:
  friend class ConditionVariable;
  friend class StoppableConditionVariable;

  /// Lends the mutex, which the caller holds and will hold again, to a wait of the standard library. The
  /// analysis does not follow a mutex through std::unique_lock, and cannot tell that the mutex that the
  /// condition of a wait requires is this one.
  template <class Wait>
  bool lend(Wait wait) JOBQD_REQUIRES(this) JOBQD_NO_THREAD_SAFETY_ANALYSIS {
    std::unique_lock lock(mutex_, std::adopt_lock);
    const bool holds = wait(lock);
    lock.release();
    return holds;
  }

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
  template <class Condition>
  void wait(Mutex& mutex, Condition condition) JOBQD_REQUIRES(mutex) {
    mutex.lend([&](auto& lock) {
      variable_.wait(lock, std::move(condition));
      return true;
    });
  }

  /// Returns whether the condition is true at the end.
  template <class Condition>
  bool wait_until(Mutex& mutex, SteadyTime until, Condition condition) JOBQD_REQUIRES(mutex) {
    return mutex.lend([&](auto& lock) { return variable_.wait_until(lock, until, std::move(condition)); });
  }

  /// As wait_until(), for at most `duration` from now.
  template <class Condition>
  bool wait_for(Mutex& mutex, milliseconds duration, Condition condition) JOBQD_REQUIRES(mutex) {
    return mutex.lend([&](auto& lock) { return variable_.wait_for(lock, duration, std::move(condition)); });
  }

  void notify_one() { variable_.notify_one(); }
  void notify_all() { variable_.notify_all(); }

 private:
  std::condition_variable variable_;
};

/// As ConditionVariable, but a stop request ends the wait. Each notification locks a second mutex, inside.
/// Every wait returns whether the condition is true at the end.
class StoppableConditionVariable {
 public:
  template <class Condition>
  bool wait(Mutex& mutex, std::stop_token stop, Condition condition) JOBQD_REQUIRES(mutex) {
    return mutex.lend(
        [&](auto& lock) { return variable_.wait(lock, std::move(stop), std::move(condition)); });
  }

  template <class Condition>
  bool wait_for(Mutex& mutex, std::stop_token stop, milliseconds longest, Condition condition)
      JOBQD_REQUIRES(mutex) {
    return mutex.lend(
        [&](auto& lock) { return variable_.wait_for(lock, std::move(stop), longest, std::move(condition)); });
  }

  template <class Condition>
  bool wait_until(Mutex& mutex, std::stop_token stop, SteadyTime until, Condition condition)
      JOBQD_REQUIRES(mutex) {
    return mutex.lend(
        [&](auto& lock) { return variable_.wait_until(lock, std::move(stop), until, std::move(condition)); });
  }

  void notify_one() { variable_.notify_one(); }
  void notify_all() { variable_.notify_all(); }

 private:
  std::condition_variable_any variable_;
};

}  // namespace jobqd::base
