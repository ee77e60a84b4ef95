#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <jobqd/base/check.hpp>
#include <jobqd/domain/error.hpp>
#include <jobqd/engine/group_commit.hpp>

#include "stores/journal/payload_source.hpp"
#include "stores/journal/stored_job.hpp"

namespace jobqd::stores::journal {

/// Keeps the jobs of a store across a restart. It is handed rows, and knows nothing of the store above it.
///
/// insert, update, erase, set_paused and when_durable are called under the store's lock, in the order in
/// which things were decided; they take what they need and never block. flush is called after them, without
/// the lock. All other functions may be called from any thread.
class Journal {
 public:
  using Durable = std::move_only_function<void(std::expected<void, domain::Error>)>;

  /// Changes become durable in batches, which are numbered from 1 in their order.
  using BatchNumber = std::uint64_t;

  virtual ~Journal() = default;

  /// Whether anything is kept. Where not, insert() and update() are never called, so that no row has to be
  /// made, and every change counts as durable at once. The answer never changes.
  [[nodiscard]] virtual bool keeps() const { return true; }

  /// Adds the jobs of one request, and `done`, which is called when they are durable or refused. All of them
  /// go into one batch, which is written or fails as a whole; the inserts of a batch that fails are dropped.
  /// Moves the contents out of `rows`. Returns the batch.
  virtual BatchNumber insert(std::span<JobRow> rows, Durable done) = 0;

  /// Replaces the progress of a job. Updates, erasures and pauses are tried again until they are written.
  /// Returns the batch that the change went into.
  virtual BatchNumber update(ProgressRow row) = 0;

  /// Removes a job by its number, together with its progress.
  virtual void erase(std::uint64_t number) = 0;

  /// Records whether a queue is paused. Written in the same batch as changes of jobs at that time.
  virtual void set_paused(std::string_view queue, bool paused) = 0;

  /// Calls `done` once everything handed over before is durable, or with an error if that could not be
  /// written now. Never calls it under the store's lock.
  virtual void when_durable(Durable done) = 0;

  /// Makes sure that what was handed over is written: at once if somebody waits for it, soon otherwise.
  virtual void flush() = 0;

  /// Whether so much waits to be written that nothing should be started that makes more: neither attempts nor
  /// changes of many jobs. What is handed over all the same is taken. Takes no lock.
  [[nodiscard]] virtual bool is_behind() const { return false; }

  /// `caught_up` is called whenever the journal is not behind any more, without the store's lock, on the
  /// thread that commits; it may hand over more. Set once, before anything is handed over.
  // NOLINTNEXTLINE(performance-unnecessary-value-param): those that override it keep it.
  virtual void set_caught_up(std::function<void()> /*caught_up*/) {}

  /// Reads back what producers sent with these jobs, which are durable. Called without the store's lock;
  /// calls `done` later, on a thread of its own, or never, if the journal is destroyed first. Requests are
  /// done one after the other. Only where keeps().
  // NOLINTNEXTLINE(performance-unnecessary-value-param): those that override it keep them.
  virtual void read_payloads(std::vector<std::uint64_t> /*numbers*/, PayloadsRead /*done*/) {
    JOBQD_CHECK(!"this journal reads nothing back");
  }

  // For the committer: as engine::GroupCommit says. By default there is nothing to commit.

  /// flush() on this thread leaves the changes to it. The empty id: there is no committer any more.
  virtual void set_committer(std::thread::id /*committer*/) {}
  virtual engine::CommitStep next_commit() { return engine::CommitStep::none; }
  virtual void commit() {}

  /// The last batch that is durable.
  [[nodiscard]] virtual BatchNumber durable() const = 0;

  /// Why nothing can be written at present; empty when all is well.
  [[nodiscard]] virtual std::string trouble() const = 0;

  /// Whether erase() can be expected to succeed, in spite of trouble() perhaps: a full disk may have a
  /// reserve for it.
  [[nodiscard]] virtual bool takes_removals() const { return trouble().empty(); }
};

}  // namespace jobqd::stores::journal
