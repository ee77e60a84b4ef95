#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <span>
#include <string>

#include <jobqd/domain/error.hpp>

#include "stores/embedded/record.hpp"

namespace jobqd::stores::embedded {

/// What keeps the state map across a restart.
///
/// insert, update, erase, set_paused and when_durable are called under the store's lock, in the order things
/// were decided; they copy what they need and never block. flush is called without the lock, after them. The
/// others: any thread.
class Journal {
 public:
  using Durable = std::move_only_function<void(std::expected<void, domain::Error>)>;

  /// Changes become durable in batches, numbered in order.
  using Batch = std::uint64_t;

  virtual ~Journal() = default;

  /// Whether jobs are durable only some time after insert(). false: at once, and nobody needs to wait.
  [[nodiscard]] virtual bool defers() const { return true; }

  /// The jobs of one request, all in one batch, together with who waits for them: a batch is written or fails
  /// as a whole, and inserts of one that fails are gone. Tells the batch.
  virtual Batch insert(std::span<const Record* const> records, Durable done) = 0;

  /// Updates and erasures are tried again until they are written. Tells the batch that the change went into.
  virtual Batch update(const Record& record) = 0;
  virtual void erase(const Record& record) = 0;

  /// Whether a queue, by its index, is paused. Goes with the changes of jobs.
  virtual void set_paused(std::uint16_t queue, bool paused) = 0;

  /// Calls `done` once everything handed over before is durable, or could not be made so now. Never under the
  /// store's lock.
  virtual void when_durable(Durable done) = 0;

  /// Sees to it that what was handed over is written: at once where somebody waits for it, else soon.
  virtual void flush() = 0;

  /// The last batch that is durable.
  [[nodiscard]] virtual Batch durable() const = 0;

  /// Why nothing can be written just now; empty when all is well.
  [[nodiscard]] virtual std::string trouble() const = 0;
};

}  // namespace jobqd::stores::embedded
