#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "stores/journal/journal.hpp"

namespace jobqd::stores::journal {

/// A journal in which the test plays the disk: commit() makes the changes of the store durable, and fail()
/// refuses them. Keeps an image of what the disk would hold. Not thread-safe.
///
/// Every insert() and when_durable() ends a batch, so that each request can be answered by itself. The
/// progress of a job that the newest batch inserts joins that batch, unless `splits`.
class HeldJournal final : public Journal {
 public:
  BatchNumber insert(std::span<JobRow> rows, Durable done) override;
  BatchNumber update(ProgressRow row) override;
  void erase(std::uint64_t number) override;
  void set_paused(std::string_view /*queue*/, bool /*paused*/) override {}
  void when_durable(Durable done) override;
  void flush() override { on_flush(); }
  [[nodiscard]] bool is_behind() const override { return behind_; }
  void set_caught_up(std::function<void()> caught_up) override { caught_up_ = std::move(caught_up); }
  [[nodiscard]] BatchNumber durable() const override { return durable_; }
  [[nodiscard]] std::string trouble() const override { return trouble_; }
  [[nodiscard]] bool takes_removals() const override { return takes_removals_; }

  /// The number of answers that wait for the disk.
  [[nodiscard]] std::size_t waiting() const { return batches_.size(); }
  /// The batch of the next change.
  [[nodiscard]] BatchNumber gathering() const { return gathering_; }

  /// Writes the oldest batch and answers it.
  void commit();
  /// Writes everything, including changes without a waiting request.
  void commit_all();
  /// The disk refuses the oldest batch, or the newest: its inserts are dropped, its other changes go into the
  /// next batch.
  void fail();
  void fail_newest();

  void set_trouble(std::string why, bool takes_removals = false) {
    trouble_ = std::move(why);
    takes_removals_ = takes_removals || trouble_.empty();
  }

  /// What a crash at this moment would leave, by number.
  [[nodiscard]] const std::map<std::uint64_t, StoredJob>& image() const { return image_; }

  /// The disk takes each batch before the next change comes.
  bool splits = false;

  /// More waits than the journal should have, from now on.
  void fall_behind() { behind_ = true; }
  void catch_up() {
    behind_ = false;
    caught_up_();
  }

  // Payloads are read when the test says so, from the image.

  void read_payloads(std::vector<std::uint64_t> numbers, PayloadsRead done) override;
  /// The numbers of the oldest request that waits; empty if none does.
  [[nodiscard]] std::vector<std::uint64_t> asked() const;
  /// Answers the oldest request.
  void deliver();
  /// The oldest request fails.
  void fail_read();
  /// The row of this job is found to be damaged from now on.
  void damage(std::uint64_t number) { damaged_.insert(number); }
  /// Requests are answered before read_payloads() returns.
  void read_at_once() { reads_at_once_ = true; }

  /// Called by flush(), just after the store has released its lock.
  std::function<void()> on_flush = [] {};

 private:
  struct Erasure {
    std::uint64_t number;
  };
  using Change = std::variant<JobRow, ProgressRow, Erasure>;
  using Changes = std::vector<Change>;
  struct Held {
    BatchNumber number;
    Changes changes;
    Durable done;
  };

  static bool inserts(const Changes& changes, std::uint64_t number);
  struct Read {
    std::vector<std::uint64_t> numbers;
    PayloadsRead done;
  };

  void write(JobRow row);
  void write(ProgressRow row);
  void write(Erasure erasure);
  void write(Changes changes);
  void refuse(Held held, Changes& next);

  std::deque<Held> batches_;
  Changes open_;
  std::map<std::uint64_t, StoredJob> image_;
  std::set<std::uint64_t> refused_;  ///< Numbers of jobs.
  std::set<std::uint64_t> orphans_;  ///< Numbers of refused jobs whose progress was written.
  std::deque<Read> reads_;
  std::set<std::uint64_t> damaged_;
  bool reads_at_once_ = false;
  bool behind_ = false;
  std::function<void()> caught_up_;
  std::string trouble_;
  bool takes_removals_ = true;
  BatchNumber gathering_ = 1;
  BatchNumber durable_ = 0;
};

}  // namespace jobqd::stores::journal
