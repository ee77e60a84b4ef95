#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <jobqd/engine/store.hpp>

namespace jobqd::stores {

/// Records the answers that clients got, and so what a store owes them after any crash. A request without an
/// answer may have happened or not, but never in part.
class Ledger {
 public:
  /// What is wrong with a store after a restart. Every number should be 0.
  struct Verdict {
    int lost = 0;       ///< Acknowledged, but missing.
    int back = 0;       ///< Removed and acknowledged, but there again.
    int half = 0;       ///< Some jobs of an array are there and some are missing.
    int unknown = 0;    ///< There, though it was refused or never submitted.
    int twice = 0;      ///< Two jobs have one id.
    int altered = 0;    ///< The content or the order is not as submitted.
    int fell_back = 0;  ///< Behind what a client saw: fewer attempts, or an undone end.
    std::string first;  ///< The first finding, for people.
    [[nodiscard]] int total() const { return lost + back + half + unknown + twice + altered + fell_back; }
    Verdict& operator+=(const Verdict& other);
  };

  void submitting(const std::vector<domain::NewJob>& jobs);
  void accepted();
  /// The store refused: none of the jobs may ever appear.
  void refused();
  /// There was no answer: all of the jobs may appear, or none.
  void unanswered();

  void told(const domain::Job& job);
  void maybe_changed(const std::string& id);  ///< A client asked for a change and got no answer.
  void removed(const std::string& id);
  void maybe_removed(const std::string& id);

  /// Compares with all jobs of the store, oldest first. What was uncertain is settled by it, and the ledger
  /// goes on from there.
  Verdict check(const std::vector<domain::Job>& jobs);

  [[nodiscard]] std::size_t acknowledged() const { return acknowledged_; }
  [[nodiscard]] std::vector<std::string> ids() const;  ///< Of the jobs that must be there, oldest first.

 private:
  struct Entry {
    domain::NewJob submitted;
    std::uint64_t place = 0;  ///< In the order of submission.
    std::optional<domain::Job> told = {};
    bool maybe_changed = false;
    enum class Removal : std::uint8_t { none, maybe, done } removal = Removal::none;
  };

  void check_one(Verdict& verdict, const Entry& entry, const domain::Job* job) const;
  void check_uncertain(Verdict& verdict, const std::map<std::string, domain::Job>& there);
  void settle(const std::map<std::string, domain::Job>& there);

  std::map<std::string, Entry> entries_;                // acknowledged
  std::vector<std::vector<domain::NewJob>> uncertain_;  // each of them all or nothing
  std::vector<domain::NewJob> submitting_;
  std::uint64_t last_place_ = 0;
  std::size_t acknowledged_ = 0;
};

}  // namespace jobqd::stores
