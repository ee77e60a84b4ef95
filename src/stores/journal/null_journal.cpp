#include "stores/journal/null_journal.hpp"

#include <utility>

namespace jobqd::stores::embedded {

void NullJournal::when_durable(Durable done) {
  const std::scoped_lock lock(mutex_);
  waiting_.push_back(std::move(done));
}

void NullJournal::flush() {
  std::vector<Durable> ready;
  {
    const std::scoped_lock lock(mutex_);
    ready.swap(waiting_);
  }
  for (auto& done : ready) done({});
}

}  // namespace jobqd::stores::embedded
