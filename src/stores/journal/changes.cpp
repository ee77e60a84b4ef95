#include "stores/journal/changes.hpp"

#include <utility>

namespace jobqd::stores::journal {

void Changes::put_back(Changes refused) {
  // merge() leaves what is here already.
  updates.merge(refused.updates);
  pauses.merge(refused.pauses);
  erasures.insert(erasures.begin(), refused.erasures.begin(), refused.erasures.end());
}

}  // namespace jobqd::stores::journal
