#include "stores/embedded/none_journal.hpp"

#include <utility>

namespace jobqd::stores::embedded {

void NoneJournal::when_durable(Durable done) {
  const std::scoped_lock lock(mutex_);
  waiting_.push_back(std::move(done));
}

void NoneJournal::flush() {
  std::vector<Durable> ready;
  {
    const std::scoped_lock lock(mutex_);
    ready.swap(waiting_);
  }
  for (auto& done : ready) done({});
}

}  // namespace jobqd::stores::embedded
