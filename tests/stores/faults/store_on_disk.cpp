#include "stores/faults/store_on_disk.hpp"

#include <algorithm>
#include <stdexcept>

#include "stores/open.hpp"
#include "support/attempts.hpp"
#include "support/caught.hpp"
#include "support/patience.hpp"

namespace jobqd::stores::sqlite {

using support::result_of;

void DiskWatcher::store_changed(std::string_view why) {
  const std::scoped_lock lock(mutex_);
  why_ = why;
  ++(why.empty() ? well_ : trouble_);
  changed_.notify_all();
}

void DiskWatcher::store_lost(std::string_view why) {
  const std::scoped_lock lock(mutex_);
  lost_ = why;
}

void DiskWatcher::lease_expired(const engine::Claim& claim) {
  const std::scoped_lock lock(mutex_);
  expired_workers_ += claim.worker;
}

std::string DiskWatcher::expired_workers() const {
  const std::scoped_lock lock(mutex_);
  return expired_workers_;
}

bool DiskWatcher::wait_until_well() {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, support::patience, [this] { return why_.empty(); });
}

int DiskWatcher::times_well() const {
  const std::scoped_lock lock(mutex_);
  return well_;
}

int DiskWatcher::times_trouble() const {
  const std::scoped_lock lock(mutex_);
  return trouble_;
}

std::string DiskWatcher::lost() const {
  const std::scoped_lock lock(mutex_);
  return lost_;
}

std::expected<void, std::string> StoreOnDisk::open() {
  auto file = JournalFile::open({.path = path,
                                 .vfs = vfs_.name(),
                                 .full_sync = settings_.full_sync,
                                 .checkpoint_pages = settings_.checkpoint_pages});
  if (!file) return std::unexpected(file.error());
  auto restored = restore_store(settings_.store, {.clock = clock, .random = random, .observer = watcher},
                                *std::move(file), {.try_again = settings_.try_again});
  if (!restored) return std::unexpected(restored.error());
  opened_ = *std::move(restored);
  return {};
}

void StoreOnDisk::must_open() {
  if (const auto opened = open(); !opened) throw std::runtime_error(opened.error());
}

void StoreOnDisk::close() {
  opened_.store.reset();
}

void StoreOnDisk::crash(FaultDisk::Survivors survivors, std::uint64_t seed) {
  if (!disk().off()) disk().cut_power(0);
  close();
  disk().restart(survivors, seed);
}

void StoreOnDisk::sql(const char* statements) {
  auto database = SqliteDatabase::open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs_.name());
  if (!database) throw std::runtime_error(database.error().text);
  if (const auto done = database->execute(statements); !done) throw std::runtime_error(done.error().text);
}

engine::Expected<std::vector<engine::Submitted>> StoreOnDisk::submit(std::vector<domain::NewJob> jobs) {
  return result_of<std::vector<engine::Submitted>>(
      [&](auto done) { store().submit(std::move(jobs), std::move(done)); });
}

engine::Expected<domain::Job> StoreOnDisk::find(const std::string& id) {
  return result_of<domain::Job>([&](auto done) { store().find(id, std::move(done)); });
}

engine::Expected<domain::Job> StoreOnDisk::cancel(const std::string& id) {
  return result_of<domain::Job>([&](auto done) { store().cancel(id, std::move(done)); });
}

engine::Expected<domain::Job> StoreOnDisk::retry(const std::string& id) {
  return result_of<domain::Job>([&](auto done) { store().retry(id, std::move(done)); });
}

engine::Expected<void> StoreOnDisk::remove(const std::string& id) {
  return result_of<void>([&](auto done) { store().remove(id, std::move(done)); });
}

std::vector<domain::Job> StoreOnDisk::all() {
  std::vector<domain::Job> jobs;
  engine::ListQuery query{.limit = 1000};
  do {
    auto page = result_of<engine::JobPage>([&](auto done) { store().list(query, std::move(done)); }).value();
    std::ranges::move(page.jobs, std::back_inserter(jobs));
    query.before = page.next;
  } while (query.before != 0);
  std::ranges::reverse(jobs);
  // A page may be ahead of the disk; the answer of find() is durable.
  for (auto& job : jobs) job = find(job.id).value();
  return jobs;
}

std::optional<engine::Claim> StoreOnDisk::claim() {
  const auto next = store().next_start();
  if (!next || *next > clock.now().steady) return std::nullopt;
  const support::Patience patience;
  return support::claim(store(), "default");
}

std::optional<engine::Claim> StoreOnDisk::claim_durably() {
  auto claimed = claim();
  if (claimed) (void)find(claimed->id);
  return claimed;
}

void StoreOnDisk::advance(base::milliseconds by) {
  clock.advance(by);
  for (auto next = store().tick(clock.now()); next && *next <= clock.now().steady;)
    next = store().tick(clock.now());
}

}  // namespace jobqd::stores::sqlite
