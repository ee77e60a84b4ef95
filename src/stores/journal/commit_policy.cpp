#include "stores/journal/commit_policy.hpp"

namespace jobqd::stores::journal {

CommitPolicy::Choice CommitPolicy::choose(const Left& left, base::SteadyTime now) const {
  if (left.waiting == 0 || left.changes > many || usual_ > slow) return Choice::thread;
  return left.waiting < answered_ && now < patience_ ? Choice::wait : Choice::here;
}

void CommitPolicy::committed(std::size_t waiting, Duration took, base::SteadyTime now) {
  // The first one counts in full; later ones so little that a single slow one changes nothing.
  usual_ += (took - usual_) / (usual_ == Duration{} ? 1 : 16);
  answered_ = waiting;
  patience_ = now + usual_;
}

}  // namespace jobqd::stores::journal
