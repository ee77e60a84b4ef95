#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <jobqd/base/random.hpp>

#include "stores/embedded/embedded_store.hpp"
#include "stores/journal/held_journal.hpp"
#include "stores/simulation/model.hpp"
#include "support/caught.hpp"
#include "support/manual_clock.hpp"
#include "support/patience.hpp"

namespace jobqd::stores::simulation {

/// Thrown at the first step after which the store and the model disagree; what() also lists the last steps.
class Disagreement : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Drives an embedded store through random calls, random time and a disk that accepts or refuses at random,
/// and compares it with the model after every step. One seed is one history: nothing here waits or reads a
/// clock.
class Simulation {
 public:
  explicit Simulation(std::uint64_t seed);

  /// That many random steps, and then everything that is left is worked off. Throws Disagreement.
  void run(int steps);

 private:
  /// An answer that waits for the disk, in the order of the journal's batches.
  struct Request {
    std::string what;
    std::function<bool()> answered;
    std::function<void(bool committed)> check;
  };

  struct Watch {
    Age age;
    engine::WatchId id;
    support::Caught<domain::Job> caught;
  };

  struct Step {
    int weight;
    void (Simulation::*act)();
  };
  static std::span<const Step> steps();

  // simulation.cpp: clients
  void submit();
  void cancel_some();
  void retry_some();
  void remove_some();
  void find_some();
  void watch_some();
  void unwatch_some();
  // simulation_run.cpp: workers, time, disk
  void claim();
  void settle();
  void settle_stale();
  void let_time_pass();
  void stop_attempts();
  void commit_one();
  void commit_everything();
  void refuse_one();
  void change_trouble();
  void work_off();
  bool work_off_one();

  void random_step();
  void cancel(const std::string& id);
  void claim_from(const std::string& queue);
  void settle(Age age, const engine::Outcome& outcome, bool cancelled_late);
  void tick();
  void complete_watches(Age age);
  void end_watches(Age age);

  // What the next call is about
  [[nodiscard]] bool chance(int percent) { return random_.between(1, 100) <= percent; }
  [[nodiscard]] std::size_t below(std::size_t end);
  [[nodiscard]] base::milliseconds up_to(int ms) { return base::milliseconds(random_.between(1, ms)); }
  [[nodiscard]] std::string some_id();
  [[nodiscard]] domain::NewJob some_job(std::span<const domain::NewJob> before);
  [[nodiscard]] engine::Outcome some_outcome();
  static EmbeddedOptions some_options(base::Random& random);

  // What it ought to answer
  void expect_submitted(support::Caught<std::vector<engine::Submitted>> caught, Model::Admission admission);
  void expect_job(std::string what, support::Caught<domain::Job> caught, domain::Job job);
  void expect_told(std::string what, support::Caught<domain::Job> caught, const Model::Entry& entry);
  void expect_answer(const support::Caught<domain::Job>& caught, const domain::Job& job) const;
  template <class T>
  void expect_refusal(const support::Caught<T>& caught, domain::ErrorCode code) const;
  void answer_oldest(bool committed);

  // simulation_check.cpp: whether store and model agree
  void check();
  void check_jobs();
  void check_history(Age age, const domain::Job& job);
  void check_counts() const;
  void check_reasons(const engine::QueueState& queue) const;
  void check_times() const;
  void check_claims() const;
  void check_answers() const;
  void check_places();
  void check_pages();
  void check_image() const;
  // simulation_crash.cpp: what a crash at this moment would leave
  void check_crash() const;
  void check_crash_order(engine::Store& revived, const std::map<std::string, domain::Job>& there) const;

  [[noreturn]] void disagree(const std::string& about) const;
  template <class... Args>
  void require(bool holds, fmt::format_string<Args...> about, Args&&... args) const {
    if (!holds) disagree(fmt::format(about, std::forward<Args>(args)...));
  }
  template <class... Args>
  void note(fmt::format_string<Args...> step, Args&&... args) {
    if (trace_.size() == 40) trace_.pop_front();
    trace_.push_back(fmt::format(step, std::forward<Args>(args)...));
  }

  base::Random random_;
  base::Random store_random_{7};
  engine::Observer observer_;
  support::ManualClock clock_;
  support::Patience patience_;
  Model model_;
  int due_changes_ = 0;  ///< Since the last tick.
  std::optional<SteadyTime> last_tick_;
  journal::HeldJournal* journal_ = nullptr;
  std::unique_ptr<embedded::EmbeddedStore> store_;
  std::map<Age, engine::Claim> claims_;
  std::vector<engine::Claim> stale_;
  engine::FencingToken last_token_ = 0;
  std::deque<Request> in_flight_;
  std::vector<Watch> watches_;
  std::map<Age, domain::Progress> seen_;
  std::deque<std::string> trace_;
};

/// Field by field.
[[nodiscard]] bool same(const domain::Job& a, const domain::Job& b);
[[nodiscard]] std::string told(const domain::Job& job);

}  // namespace jobqd::stores::simulation

/// Prints jobs only in a disagreement, because it would take most of the time otherwise.
template <>
struct fmt::formatter<jobqd::domain::Job> : fmt::formatter<std::string> {
  auto format(const jobqd::domain::Job& job, fmt::format_context& context) const {
    return fmt::formatter<std::string>::format(jobqd::stores::simulation::told(job), context);
  }
};

namespace jobqd::stores::simulation {

template <class T>
void Simulation::expect_refusal(const support::Caught<T>& caught, domain::ErrorCode code) const {
  require(caught.called(), "a refusal was not told at once");
  const auto result = caught.result();
  require(!result && result.error().code == code, "the store {} where the model says {}",
          result ? "agrees" : result.error().detail, domain::error_traits(code).slug);
}

}  // namespace jobqd::stores::simulation
