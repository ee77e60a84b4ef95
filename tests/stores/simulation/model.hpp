#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <jobqd/engine/store.hpp>
#include <jobqd/stores/embedded_store.hpp>

namespace jobqd::stores::simulation {

using base::Now;
using base::SteadyTime;
using domain::ErrorCode;

/// Names a job of the model: the number of jobs admitted before it. Ids may repeat, ages do not.
using Age = std::uint64_t;

/// What a store ought to do, written a second time and as simply as possible: one list of jobs, searched
/// from end to end for every question. It knows only the contract of the code that it checks.
class Model {
 public:
  explicit Model(EmbeddedOptions options) : options_(std::move(options)) {}

  /// The order of starts within one priority: smaller first, equal ones in any order.
  struct Order {
    std::uint64_t turn = 0;
    SteadyTime due{};
    auto operator<=>(const Order&) const = default;
  };

  struct Entry {
    domain::NewJob submitted;
    domain::Job job;          ///< As the store ought to report it.
    bool durable = false;     ///< Acknowledged.
    std::uint64_t batch = 0;  ///< Of the journal, with the latest change.
    std::optional<SteadyTime>
        due;  ///< Queued: ready then. Running: timed out then. Finished: forgotten then.
    Order order;
    engine::FencingToken token = 0;
    engine::StopCause cause = engine::StopCause::none;

    [[nodiscard]] bool is(domain::Status status) const { return job.progress.status == status; }
    [[nodiscard]] bool ready() const;
    [[nodiscard]] bool finished() const;
  };
  using Jobs = std::map<Age, Entry>;

  struct Admitted {
    Age age;
    std::string id;
    bool created;
    std::optional<domain::Status> found = {};  ///< The status of a job that was acknowledged before.
  };
  using Admission = std::vector<Admitted>;

  // The actions of clients. An error changes nothing.
  std::expected<Admission, ErrorCode> admit(const std::vector<domain::NewJob>& jobs, Now now,
                                            std::uint64_t batch);
  void acknowledge(const Admission& admission);
  void withdraw(const Admission& admission);
  [[nodiscard]] std::expected<std::vector<engine::Submitted>, ErrorCode> answer(
      const Admission& admission) const;
  std::expected<Age, ErrorCode> cancel(std::string_view id, Now now, std::uint64_t batch);
  std::expected<Age, ErrorCode> retry(std::string_view id, Now now, std::uint64_t batch);
  std::expected<Age, ErrorCode> remove(std::string_view id);

  // The actions of workers. `decided` is the stop that was requested when the attempt was resolved, and
  // `delay` the resulting wait.
  void start(Age age, engine::FencingToken token, Now now, std::uint64_t batch);
  void settle(Age age, const engine::Outcome& outcome, engine::StopCause decided,
              std::optional<base::milliseconds> delay, Now now, std::uint64_t batch);

  // The effects of time, and of the end of the process.
  void tick(Now now);
  void forget_finished(Now now);
  void stop_attempts();
  bool in_trouble = false;

  // Questions.
  [[nodiscard]] const Jobs& jobs() const { return jobs_; }
  [[nodiscard]] const Entry& at(Age age) const { return jobs_.at(age); }
  [[nodiscard]] bool knows(Age age) const { return jobs_.contains(age); }
  [[nodiscard]] std::optional<Age> find(std::string_view id) const;        ///< Acknowledged ones only.
  [[nodiscard]] std::vector<Age> startable(std::string_view queue) const;  ///< Any of these may start next.
  [[nodiscard]] std::size_t places(std::string_view queue) const;          ///< Taken.
  [[nodiscard]] std::size_t bytes(std::string_view queue) const;           ///< Of ids and payloads, queued.
  [[nodiscard]] std::optional<SteadyTime> next_due() const;
  [[nodiscard]] std::optional<SteadyTime> next_start() const;
  [[nodiscard]] const EmbeddedOptions& options() const { return options_; }

 private:
  [[nodiscard]] std::optional<Age> find_any(std::string_view id) const;
  [[nodiscard]] const QueueOptions* queue(std::string_view name) const;
  [[nodiscard]] std::expected<Age, ErrorCode> find_to_change(std::string_view id) const;
  [[nodiscard]] std::optional<ErrorCode> places_for(const Admission& admission) const;
  std::expected<Admitted, ErrorCode> admit_one(const domain::NewJob& job, Now now, std::uint64_t batch);
  void make_ready(Entry& entry, Order order);
  void finish(Age age, domain::Status status, domain::Reason reason, Now now);
  void fail(Age age, domain::Reason reason, std::string error, Now now);
  void interrupt(Age age, Now now);
  [[nodiscard]] bool too_many_finished(Now now) const;

  EmbeddedOptions options_;
  Jobs jobs_;
  std::deque<Age> finished_;
  Age last_age_ = 0;
  std::uint64_t last_turn_ = 0;
};

}  // namespace jobqd::stores::simulation
