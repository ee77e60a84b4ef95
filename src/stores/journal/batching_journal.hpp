#pragma once

#include <atomic>
#include <memory>
#include <thread>

#include <jobqd/base/clock.hpp>
#include <jobqd/engine/observer.hpp>

#include "stores/journal/batch_writer.hpp"
#include "stores/journal/gathering.hpp"
#include "stores/journal/journal.hpp"
#include "stores/journal/trouble.hpp"

namespace jobqd::stores::journal {

/// Group commit: one thread takes all that has gathered while it wrote the last batch, writes it in one
/// transaction, and then answers everybody who waits for it. README.md has the invariants and the life of a
/// batch.
///
/// Owns its writer. `clock` and `observer` outlive it; the observer is called on the journal's thread,
/// without a lock.
class BatchingJournal final : public Journal {
 public:
  struct Options {
    /// How long a change that nobody waits for may lie before it is written by itself.
    base::milliseconds soon{10};
    /// How long after a failed write the next one is tried.
    base::milliseconds try_again{500};
  };

  BatchingJournal(Options options, const base::Clock& clock, engine::Observer& observer,
                  std::unique_ptr<BatchWriter> writer);
  /// Writes what is left, once, and ends the thread. What was never started writes nothing.
  ~BatchingJournal() override;

  BatchingJournal(const BatchingJournal&) = delete;
  BatchingJournal& operator=(const BatchingJournal&) = delete;

  /// Starts the thread; later calls do nothing. The writer belongs to that thread from then on.
  void start();

  BatchNumber insert(std::span<JobRow> rows, Durable done) override;
  BatchNumber update(ProgressRow row) override;
  void erase(std::uint64_t number) override;
  void set_paused(std::string_view queue, bool paused) override;
  void when_durable(Durable done) override;
  void flush() override;
  [[nodiscard]] BatchNumber durable() const override { return durable_.load(std::memory_order_acquire); }
  [[nodiscard]] std::string trouble() const override { return trouble_.why(); }
  [[nodiscard]] bool takes_removals() const override {
    return !trouble_.exists() || takes_removals_.load(std::memory_order_acquire);
  }

 private:
  void run();
  [[nodiscard]] Batch take_in_trouble();
  void settle(Batch batch);
  void refuse(Batch batch, const WriteFailure& failure);
  void note(const WriteFailure& failure);
  void set_trouble(const std::string& why);

  const Options options_;
  const base::Clock& clock_;
  engine::Observer& observer_;
  const std::unique_ptr<BatchWriter> writer_;
  Gathering gathering_;
  Trouble trouble_;
  std::atomic<BatchNumber> durable_{0};
  std::atomic<bool> takes_removals_{false};  ///< In spite of the present trouble.
  bool lost_ = false;                        ///< A failure was fatal. Used by the journal's thread only.
  std::jthread thread_;
};

}  // namespace jobqd::stores::journal
