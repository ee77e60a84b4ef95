#include "stores/journal/null_journal.hpp"

#include <utility>

#include <jobqd/base/check.hpp>

namespace jobqd::stores::journal {

Journal::BatchNumber NullJournal::insert(std::span<JobRow> /*rows*/, Durable /*done*/) {
  JOBQD_UNREACHABLE("rows are not handed to a journal that keeps nothing");
}

Journal::BatchNumber NullJournal::update(ProgressRow /*row*/) {
  JOBQD_UNREACHABLE("rows are not handed to a journal that keeps nothing");
}

void NullJournal::when_durable(Durable done) {
  const base::MutexLock lock(mutex_);
  waiting_.push_back(std::move(done));
}

void NullJournal::flush() {
  std::vector<Durable> ready;
  {
    const base::MutexLock lock(mutex_);
    ready.swap(waiting_);
  }
  for (auto& done : ready) done({});
}

}  // namespace jobqd::stores::journal
