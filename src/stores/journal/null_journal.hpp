#pragma once

#include <vector>

#include <jobqd/base/mutex.hpp>

#include "stores/journal/journal.hpp"

namespace jobqd::stores::journal {

/// Keeps nothing: every change counts as durable at once. Thread-safe.
class NullJournal final : public Journal {
 public:
  [[nodiscard]] bool keeps() const override { return false; }
  BatchNumber insert(std::span<JobRow> rows, Durable done) override;
  BatchNumber update(ProgressRow row) override;
  void erase(std::uint64_t /*number*/) override {}
  void set_paused(std::string_view /*queue*/, bool /*paused*/) override {}
  /// `done` is called by the next flush(), because the caller holds the store's lock.
  void when_durable(Durable done) override;
  void flush() override;
  [[nodiscard]] BatchNumber durable() const override { return 0; }
  [[nodiscard]] std::string trouble() const override { return {}; }

 private:
  base::Mutex mutex_;
  std::vector<Durable> waiting_ JOBQD_GUARDED_BY(mutex_);
};

}  // namespace jobqd::stores::journal
