#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include <boost/container/flat_map.hpp>
#include <boost/container/small_vector.hpp>

#include <jobqd/engine/intake.hpp>
#include <jobqd/engine/observer.hpp>

#include "stores/embedded/attempts.hpp"
#include "stores/embedded/effects.hpp"
#include "stores/embedded/jobs.hpp"

namespace jobqd::stores::embedded {

/// The jobs of one submission, from their admission until they are acknowledged or withdrawn. Refers to no
/// store, so that it can travel with a callback; each call gets the jobs.
class Admission {
 public:
  /// Why a submission was refused, and the queue that caused it; empty if there is no such queue.
  struct Refusal {
    domain::Error error;
    std::string queue;
  };

  /// Admits all jobs or none: finds those that exist already, and takes in the others. Errors: id_conflict,
  /// queue_full, queue_not_found, invalid_field; pointers begin with the position in `submitted`.
  static std::expected<Admission, Refusal> admit(Jobs& jobs, std::vector<domain::NewJob>& submitted,
                                                 base::Now now);

  /// The records of the new jobs. Nearly every submission has exactly one.
  [[nodiscard]] boost::container::small_vector<Record*, 1> created(Jobs& jobs) const;

  /// The new jobs are durable. Reports them as submitted.
  void acknowledge(Jobs& jobs, Effects& effects, engine::Observer& observer) const;

  /// The new jobs could not be made durable: removes them, as if they had never been submitted. An attempt at
  /// one of them has not begun.
  void withdraw(Jobs& jobs, Attempts& attempts, Effects& effects) const;

  /// The answer, after acknowledge(): a new job is queued, whatever became of it since. Error:
  /// store_unavailable, if a job that was found has been withdrawn since.
  engine::Expected<std::vector<engine::Submitted>> answer(Jobs& jobs) &&;

 private:
  struct Admitted {
    JobHandle handle;
    std::string id;
    bool created;
    std::optional<domain::Status> found = {};  ///< Of a job that existed and was acknowledged.
  };

  using RoomByQueue = boost::container::small_flat_map<std::uint16_t, Room, 4>;

  std::expected<void, Refusal> admit_all(Jobs& jobs, std::vector<domain::NewJob>& submitted, base::Now now);
  std::expected<void, Refusal> admit_one(Jobs& jobs, domain::NewJob& job, base::Now now);
  std::expected<void, Refusal> reserve_places(Jobs& jobs) const;
  /// Whether their payloads may wait in memory.
  [[nodiscard]] std::expected<void, Refusal> check_memory(const Jobs& jobs) const;
  [[nodiscard]] RoomByQueue room_of_created(const Jobs& jobs) const;
  void erase_created(Jobs& jobs) const;

  std::vector<Admitted> jobs_;
};

[[nodiscard]] domain::Error no_such_queue(std::string_view name);
[[nodiscard]] domain::Error not_leased(std::string_view queue);
[[nodiscard]] domain::Error unavailable(std::string why);

}  // namespace jobqd::stores::embedded
