// The sqlite store passes the suite of all stores.

#include <deque>
#include <stdexcept>

#include "stores/conformance/conformance.hpp"
#include "stores/faults/fault_vfs.hpp"
#include "stores/open.hpp"

namespace jobqd::stores {

namespace {

/// On a disk in memory, so that thousands of syncs take no time.
std::unique_ptr<engine::Store> open_on_a_new_disk(const EmbeddedOptions& options, Surroundings around) {
  static std::deque<sqlite::FaultVfs> disks;  // They outlive the stores on them.
  auto file = sqlite::JournalFile::open({.path = "/jobs.db", .vfs = disks.emplace_back().name()});
  if (!file) throw std::runtime_error(file.error());
  auto opened = restore_store(options, std::move(around), *std::move(file));
  if (!opened) throw std::runtime_error(opened.error());
  return std::move(opened->store);
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(Sqlite, StoreConformance, testing::Values(&open_on_a_new_disk));

}  // namespace jobqd::stores
