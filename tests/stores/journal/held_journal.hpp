#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "stores/journal/journal.hpp"

namespace jobqd::stores::embedded {

/// A journal whose disk is the test: what the store hands over is durable when commit() says so, and refused
/// when fail() does. Keeps an image of what the disk would hold. Not thread-safe.
///
/// Every when_durable() ends a batch, so each request can be answered by itself.
class HeldJournal final : public Journal {
 public:
  Batch insert(std::span<const Record* const> records, Durable done) override;
  Batch update(const Record& record) override;
  void erase(const Record& record) override;
  void set_paused(std::uint16_t /*queue*/, bool /*paused*/) override {}
  void when_durable(Durable done) override;
  void flush() override { on_flush(); }
  [[nodiscard]] Batch durable() const override { return durable_; }
  [[nodiscard]] std::string trouble() const override { return trouble_; }

  /// Answers that wait for the disk.
  [[nodiscard]] std::size_t waiting() const { return batches_.size(); }
  /// The batch that the next change goes into.
  [[nodiscard]] Batch gathering() const { return gathering_; }

  /// Writes the oldest batch, and answers it.
  void commit();
  /// Writes everything, what nobody waits for included.
  void commit_all();
  /// The disk refuses the oldest batch, or the newest: inserts are gone, other changes go with the next
  /// batch.
  void fail();
  void fail_newest();

  void set_trouble(std::string why) { trouble_ = std::move(why); }

  /// What a crash now would leave, by number.
  [[nodiscard]] const std::map<std::uint64_t, Record>& image() const { return image_; }

  /// Called by flush(): what happens just after the store released its lock.
  std::function<void()> on_flush = [] {};

 private:
  enum class Act : std::uint8_t { insert, update, erase };
  struct Change {
    Act act;
    Record record;
  };
  using Changes = std::vector<Change>;
  struct Held {
    Batch number;
    Changes changes;
    Durable done;
  };

  Batch keep(Act act, const Record& record);
  void write(Changes changes);
  static void refuse(Held held, Changes& next);

  std::deque<Held> batches_;
  Changes open_;
  std::map<std::uint64_t, Record> image_;
  std::string trouble_;
  Batch gathering_ = 1;
  Batch durable_ = 0;
};

/// Records are not copied by accident; here on purpose.
[[nodiscard]] Record copy_of(const Record& record);

}  // namespace jobqd::stores::embedded
