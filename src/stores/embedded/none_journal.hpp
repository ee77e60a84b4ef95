#pragma once

#include <mutex>
#include <vector>

#include "stores/embedded/journal.hpp"

namespace jobqd::stores::embedded {

/// Keeps nothing: durable is as soon as said. Thread-safe.
class NoneJournal final : public Journal {
 public:
  void insert(const Record& /*record*/) override {}
  void update(const Record& /*record*/) override {}
  void erase(const Record& /*record*/) override {}
  void when_durable(Durable done) override;
  void flush() override;

 private:
  std::mutex mutex_;
  std::vector<Durable> waiting_;
};

}  // namespace jobqd::stores::embedded
