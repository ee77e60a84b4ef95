#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <jobqd/engine/store.hpp>

namespace jobqd::stores {

/// What clients were told, and so what a store owes them after any crash. A request without an answer may
/// have happened or not, but never by halves.
class Ledger {
 public:
  /// What is wrong with a store that has come back. Every number is to be 0.
  struct Verdict {
    int lost = 0;       ///< Acknowledged, and not there.
    int back = 0;       ///< Removed, acknowledged, and there again.
    int half = 0;       ///< Of an array some are there and some are not.
    int unknown = 0;    ///< There, and nobody asked for it, or it was refused.
    int twice = 0;      ///< Two jobs of one id.
    int altered = 0;    ///< Other content than submitted, or another order.
    int fell_back = 0;  ///< It had come further when a client was told: attempts fell, or an end is undone.
    std::string first;  ///< The first finding, for people.
    [[nodiscard]] int total() const { return lost + back + half + unknown + twice + altered + fell_back; }
    Verdict& operator+=(const Verdict& other);
  };

  void submitting(const std::vector<domain::NewJob>& jobs);
  void accepted();
  /// The store refused: nothing of it may ever come up.
  void refused();
  /// No answer came: all of it may come up, or nothing.
  void unanswered();

  void told(const domain::Job& job);
  void maybe_changed(const std::string& id);  ///< A client asked for a change and got no answer.
  void removed(const std::string& id);
  void maybe_removed(const std::string& id);

  /// Compares with every job the store knows, oldest first, and goes on from there: what was uncertain is
  /// settled.
  Verdict check(const std::vector<domain::Job>& jobs);

  [[nodiscard]] std::size_t acknowledged() const { return acknowledged_; }
  [[nodiscard]] std::vector<std::string> ids() const;  ///< Of jobs that are surely there, oldest first.

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
  std::vector<std::vector<domain::NewJob>> uncertain_;  // each all or nothing
  std::vector<domain::NewJob> submitting_;
  std::uint64_t last_place_ = 0;
  std::size_t acknowledged_ = 0;
};

}  // namespace jobqd::stores
