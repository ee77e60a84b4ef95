#pragma once

#include <mutex>
#include <vector>

#include <jobqd/base/check.hpp>

#include "stores/journal/journal.hpp"

namespace jobqd::stores::embedded {

/// Keeps nothing: durable is as soon as said. Thread-safe.
class NullJournal final : public Journal {
 public:
  [[nodiscard]] bool defers() const override { return false; }
  /// Nobody calls it, since nobody needs to wait.
  Batch insert(std::span<const Record* const> /*records*/, Durable /*done*/) override {
    JOBQD_CHECK(defers());
    return 0;
  }
  Batch update(const Record& /*record*/) override { return 0; }
  void erase(const Record& /*record*/) override {}
  void set_paused(std::uint16_t /*queue*/, bool /*paused*/) override {}
  void when_durable(Durable done) override;
  void flush() override;
  [[nodiscard]] Batch durable() const override { return 0; }
  [[nodiscard]] std::string trouble() const override { return {}; }

 private:
  std::mutex mutex_;
  std::vector<Durable> waiting_;
};

}  // namespace jobqd::stores::embedded
