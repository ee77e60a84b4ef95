#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "stores/faults/ledger.hpp"
#include "stores/faults/store_on_disk.hpp"

namespace jobqd::stores::sqlite {

/// Clients and workers in one thread, by chance and by seed: each step is one request, waited for, or one
/// duty of a worker. What clients are told goes into the ledger.
class Workload {
 public:
  Workload(StoreOnDisk& on_disk, Ledger& ledger, std::uint64_t seed)
      : on_disk_(on_disk), ledger_(ledger), random_(seed) {}

  /// false: the store answered that it cannot be written.
  bool step();
  /// Steps until one is false; false then.
  bool run(int steps);

  /// The store was opened anew: attempts of its last life are void.
  void begin_life() { claims_.clear(); }

 private:
  domain::NewJob make_job();
  bool submit(std::size_t jobs);
  void start();
  void settle();
  bool ask(int what);
  bool answered(const std::string& id, const engine::Expected<domain::Job>& answer);
  bool remove(const std::string& id);
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

  StoreOnDisk& on_disk_;
  Ledger& ledger_;
  std::mt19937_64 random_;
  std::vector<engine::Claim> claims_;
  std::uint64_t jobs_ = 0;
};

/// JOBQD_SEED, else one of the system's: printed, so that a failure can be played again.
[[nodiscard]] std::uint64_t seed_of_this_run();

/// How many rounds: `short_run` in CI; `long_run` with JOBQD_TORTURE in the environment; a fifth with
/// sanitizers.
[[nodiscard]] int rounds(int short_run, int long_run);

/// Every nth place of a sweep: 1, but 5 with sanitizers unless JOBQD_TORTURE is set.
[[nodiscard]] std::uint64_t sweep_stride();

}  // namespace jobqd::stores::sqlite
