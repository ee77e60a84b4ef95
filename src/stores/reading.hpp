#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <expected>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include <jobqd/base/clock.hpp>
#include <jobqd/base/mutex.hpp>

#include "stores/sqlite/journal_file.hpp"
#include "stores/sqlite/page_check.hpp"

namespace jobqd::stores {

/// Reads the jobs of a file on one thread and checks all its pages on another, while a third, the owner,
/// takes in what was read.
///
/// `file` outlives this object, which alone uses it.
class Reading {
 public:
  /// What next() has to say.
  struct Step {
    sqlite::JournalFile::Batch jobs = {};  ///< The next ones, by number; perhaps none.
    bool complete = false;                 ///< All jobs were handed out, and the file is sound.
  };

  /// Throws std::system_error if there is no thread to be had.
  Reading(sqlite::JournalFile& file, sqlite::PageCheck check);
  /// Ends both threads, with or without their work.
  ~Reading();

  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

  /// Waits for jobs, the end or a fault, for `longest` at most. The error is one line. What is wrong with the
  /// pages comes first, because it explains what is wrong with the jobs.
  std::expected<Step, std::string> next(base::milliseconds longest) JOBQD_EXCLUDES(mutex_);

  /// How many jobs the file holds; 0 as long as they are not counted.
  [[nodiscard]] std::uint64_t jobs() const { return jobs_.load(std::memory_order_relaxed); }

 private:
  void read(const std::stop_token& stop) JOBQD_EXCLUDES(mutex_);
  void check() JOBQD_EXCLUDES(mutex_);

  sqlite::JournalFile& file_;
  sqlite::PageCheck check_;
  std::atomic<std::uint64_t> jobs_{0};
  base::Mutex mutex_;
  base::ConditionVariable news_;           ///< For the owner.
  base::StoppableConditionVariable room_;  ///< For the thread that reads.
  std::deque<sqlite::JournalFile::Batch> batches_ JOBQD_GUARDED_BY(mutex_);
  std::optional<std::expected<void, std::string>> read_ JOBQD_GUARDED_BY(mutex_);     ///< Once it has ended.
  std::optional<std::expected<void, std::string>> checked_ JOBQD_GUARDED_BY(mutex_);  ///< Once it has ended.
  std::jthread reader_;
  std::jthread checker_;
};

}  // namespace jobqd::stores
