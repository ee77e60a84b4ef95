#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include <jobqd/base/clock.hpp>
#include <jobqd/engine/observer.hpp>

#include "stores/journal/batch_writer.hpp"
#include "stores/journal/gathering.hpp"
#include "stores/journal/journal.hpp"
#include "stores/journal/payload_reader.hpp"
#include "stores/journal/trouble.hpp"

namespace jobqd::stores::journal {

/// Group commit: takes all that has gathered while the last batch was written, writes it in one transaction,
/// and then answers everybody who waits for it. A thread of its own does that, or the committer, if there is
/// one and CommitPolicy finds that better. README.md has the invariants and the life of a batch.
///
/// Size: the PayloadReader is a member of its own beside those that write; the store sees one journal.
///
/// Owns its writer. `clock` and `observer` outlive it; the observer is called on the thread that commits.
class BatchingJournal final : public Journal {
 public:
  struct Options {
    /// How long a change that nobody waits for may lie before it is written by itself.
    base::milliseconds soon{10};
    /// How long after a failed write the next one is tried.
    base::milliseconds try_again{500};
    Gathering::Limits limits = {};
  };

  BatchingJournal(Options options, const base::Clock& clock, engine::Observer& observer,
                  std::unique_ptr<BatchWriter> writer);
  /// Writes what is left, once, and ends the thread. What was never started writes nothing.
  ~BatchingJournal() override;

  BatchingJournal(const BatchingJournal&) = delete;
  BatchingJournal& operator=(const BatchingJournal&) = delete;

  /// Starts the thread; later calls do nothing. The writer belongs to that thread from then on. Payloads are
  /// read from `payloads`, on another one; null: never.
  void start(std::unique_ptr<PayloadSource> payloads = {});

  BatchNumber insert(std::span<JobRow> rows, Durable done) override;
  BatchNumber update(ProgressRow row) override;
  void erase(std::uint64_t number) override;
  void set_paused(std::string_view queue, bool paused) override;
  void when_durable(Durable done) override;
  void flush() override;
  [[nodiscard]] bool is_behind() const override { return gathering_.is_behind(); }
  void set_caught_up(std::function<void()> caught_up) override { caught_up_ = std::move(caught_up); }
  void read_payloads(std::vector<std::uint64_t> numbers, PayloadsRead done) override;
  void set_committer(std::thread::id committer) override;
  engine::CommitStep next_commit() override;
  void commit() override;
  [[nodiscard]] BatchNumber durable() const override { return durable_.load(std::memory_order_acquire); }
  [[nodiscard]] std::string trouble() const override { return trouble_.why(); }
  [[nodiscard]] bool takes_removals() const override {
    return !trouble_.exists() || takes_removals_.load(std::memory_order_acquire);
  }

 private:
  void run();
  void wait();
  void tend() JOBQD_REQUIRES(writing_);
  /// false: it was refused.
  bool settle(Batch batch) JOBQD_REQUIRES(writing_);
  void refuse(Batch batch, const WriteFailure& failure) JOBQD_REQUIRES(writing_);
  void note(const WriteFailure& failure) JOBQD_REQUIRES(writing_);
  void set_trouble(const std::string& why);
  void catch_up() {
    if (gathering_.is_behind() && gathering_.catch_up() && caught_up_) caught_up_();
  }

  const Options options_;
  const base::Clock& clock_;
  engine::Observer& observer_;
  const std::unique_ptr<BatchWriter> writer_;
  /// The right to take a batch and to write it, held until all of it has been answered, so that batches stay
  /// in order. No answer takes it, nor waits for somebody who does.
  base::Mutex writing_;
  Gathering gathering_;
  std::function<void()> caught_up_;
  Trouble trouble_;
  std::atomic<BatchNumber> durable_{0};
  std::atomic<bool> takes_removals_{false};  ///< In spite of the present trouble.
  std::atomic<bool> tending_due_{
      true};  ///< Only the journal's thread may write: it has upkeep to do, or is not there yet.
  bool lost_ JOBQD_GUARDED_BY(writing_) = false;  ///< A failure was fatal.
  std::unique_ptr<PayloadReader> reader_;         ///< Since start().
  std::jthread thread_;
};

}  // namespace jobqd::stores::journal
