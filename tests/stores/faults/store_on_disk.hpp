#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <jobqd/engine/observer.hpp>
#include <jobqd/stores/embedded_store.hpp>

#include "stores/faults/fault_vfs.hpp"
#include "support/manual_clock.hpp"

namespace jobqd::stores::sqlite {

/// Remembers what a store reported about its disk. Thread-safe.
class DiskWatcher final : public engine::Observer {
 public:
  void store_changed(std::string_view why) override;
  void store_lost(std::string_view why) override;
  void lease_expired(const engine::Claim& claim) override;

  /// Waits until the store reports that it can be written again. Returns false when patience ends.
  bool wait_until_well();

  [[nodiscard]] int times_well() const;               ///< How often it recovered.
  [[nodiscard]] int times_trouble() const;            ///< How often it reported trouble.
  [[nodiscard]] std::string expired_workers() const;  ///< Whose leases ran out.
  [[nodiscard]] std::string lost() const;  ///< Why the state of the disk is unknown; empty: it is known.

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string why_;
  std::string lost_;
  std::string expired_workers_;
  int well_ = 0;
  int trouble_ = 0;
};

/// A sqlite store on a FaultDisk, for one or more lives.
class StoreOnDisk {
 public:
  struct Settings {
    EmbeddedOptions store = {.queues = {{.capacity = 1'000'000, .remote = true}}};
    bool full_sync = true;
    int checkpoint_pages = 24;  ///< Small, so that every scenario has checkpoints in it.
    base::milliseconds try_again{1};
  };
  static constexpr auto path = "/jobs.db";
  static constexpr auto log_path = "/jobs.db-wal";

  StoreOnDisk() : StoreOnDisk(Settings{}) {}
  explicit StoreOnDisk(Settings settings) : settings_(std::move(settings)) {}

  /// The error is that of the store, in one line.
  std::expected<void, std::string> open();
  /// Like open(), but it has to succeed.
  void must_open();
  /// An orderly end: everything that was decided is written, and the log is copied into the database.
  void close();
  /// The power fails, unless it already has, and comes back. The store is closed.
  void crash(FaultDisk::Survivors survivors = FaultDisk::Survivors::none, std::uint64_t seed = 0);

  /// The options of the next open().
  void configure(EmbeddedOptions options) { settings_.store = std::move(options); }

  /// Runs SQL on the closed file.
  void sql(const char* statements);

  [[nodiscard]] engine::Store& store() { return *opened_.store; }
  [[nodiscard]] const Recovery& recovery() const { return opened_.recovery; }
  [[nodiscard]] FaultDisk& disk() { return vfs_.disk(); }
  [[nodiscard]] const FaultVfs& vfs() const { return vfs_; }

  /// Calls of the store that wait for the answer.
  engine::Expected<std::vector<engine::Submitted>> submit(std::vector<domain::NewJob> jobs);
  engine::Expected<domain::Job> find(const std::string& id);
  engine::Expected<domain::Job> cancel(const std::string& id);
  engine::Expected<domain::Job> retry(const std::string& id);
  engine::Expected<void> remove(const std::string& id);
  /// Every job as it is on the disk, oldest first.
  std::vector<domain::Job> all();
  /// Starts the next job that is ready; empty if none is.
  std::optional<engine::Claim> claim();
  /// Like claim(), and the start is in the file when it returns.
  std::optional<engine::Claim> claim_durably();
  /// Lets time pass and runs what has become due.
  void advance(base::milliseconds by);

  support::ManualClock clock;
  base::Random random{1};
  DiskWatcher watcher;

 private:
  Settings settings_;
  FaultVfs vfs_;
  OpenedStore opened_;
};

}  // namespace jobqd::stores::sqlite
