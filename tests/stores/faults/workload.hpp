#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "stores/faults/ledger.hpp"
#include "stores/faults/store_on_disk.hpp"

namespace jobqd::stores::sqlite {

/// Random clients and workers in one thread, by a seed. Each step is one request and its answer, or one
/// action of a worker. The answers go into the ledger.
class Workload {
 public:
  Workload(StoreOnDisk& on_disk, Ledger& ledger, std::uint64_t seed)
      : on_disk_(on_disk), ledger_(ledger), random_(seed) {}

  /// Returns false if the store answered that it cannot be written.
  bool step();
  /// Makes steps until one returns false, and returns false then.
  bool run(int steps);

  /// To be called when the store was opened again: attempts of the daemon's workers in its last life are
  /// void.
  void begin_life() { claims_.clear(); }

  /// The first lease that was answered, whose end was never asked for, and whose token no longer holds its
  /// job; empty if there is none.
  [[nodiscard]] std::string lost_lease();
  [[nodiscard]] std::size_t leases() const { return leases_.size(); }

 private:
  domain::NewJob make_job();
  bool submit(std::size_t jobs);
  void start();
  void settle();
  bool lease();
  bool end_lease();
  bool ask(int what);
  bool answered(const std::string& id, const engine::Expected<domain::Job>& answer);
  bool remove(const std::string& id);
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

  StoreOnDisk& on_disk_;
  Ledger& ledger_;
  std::mt19937_64 random_;
  std::vector<engine::Claim> claims_;
  std::vector<engine::Claim> leases_;
  std::uint64_t jobs_ = 0;
};

/// JOBQD_SEED, or a seed from the system. It is printed, so that a failure can be repeated.
[[nodiscard]] std::uint64_t seed_of_this_run();

/// How many rounds: `short_run` in CI; `long_run` with JOBQD_TORTURE in the environment; a fifth with
/// sanitizers.
[[nodiscard]] int rounds(int short_run, int long_run);

/// Every nth place of a sweep: 1, but 5 with sanitizers unless JOBQD_TORTURE is set.
[[nodiscard]] std::uint64_t sweep_stride();

}  // namespace jobqd::stores::sqlite
