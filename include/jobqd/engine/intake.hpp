#pragma once

#include <string>
#include <vector>

#include <jobqd/domain/job.hpp>
#include <jobqd/engine/callback.hpp>

namespace jobqd::engine {

/// The result for one job of a submission.
struct Submitted {
  std::string id;
  domain::Status status = domain::Status::queued;
  bool created = true;  ///< false: the same job existed already.
};

/// Where jobs come in. Thread-safe; never blocks.
class Intake {
 public:
  virtual ~Intake() = default;

  /// Accepts all jobs or none; answers in the given order, once all are as durable as the store promises.
  /// Errors: id_conflict, queue_full, queue_not_found, draining, store_unavailable; pointers begin with the
  /// index in `jobs`.
  virtual void submit(std::vector<domain::NewJob> jobs, Callback<std::vector<Submitted>> done) = 0;
};

}  // namespace jobqd::engine
