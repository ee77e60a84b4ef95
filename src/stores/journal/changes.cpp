#include "stores/journal/changes.hpp"

#include <utility>

namespace jobqd::stores::journal {

namespace {

std::size_t ending_size(const ProgressRow& row) {
  if (!row.ending) return 0;
  return row.ending->last_error.size() + (row.ending->result ? row.ending->result->size() : 0);
}

}  // namespace

void Changes::update(ProgressRow row) {
  ending_bytes += ending_size(row);
  const auto number = row.number;
  const auto [place, is_new] = updates.try_emplace(number, std::move(row));  // Moves nothing if there is one.
  if (is_new) return;
  ending_bytes -= ending_size(place->second);
  place->second = std::move(row);
}

void Changes::put_back(Changes refused) {
  ending_bytes += refused.ending_bytes;
  // merge() leaves what is here already.
  updates.merge(refused.updates);
  for (const auto& [number, replaced] : refused.updates) ending_bytes -= ending_size(replaced);
  pauses.merge(refused.pauses);
  erasures.insert(erasures.begin(), refused.erasures.begin(), refused.erasures.end());
}

}  // namespace jobqd::stores::journal
