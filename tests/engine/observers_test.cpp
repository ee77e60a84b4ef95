#include <jobqd/engine/observers.hpp>

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace jobqd::engine {

namespace {

using domain::CircuitState;
using domain::ErrorCode;
using namespace std::chrono_literals;

/// Writes down every event with its arguments, in one diary that several observers share.
class Diary : public Observer {
 public:
  Diary(std::string name, std::vector<std::string>& lines) : name_(std::move(name)), lines_(lines) {}

  void submitted(std::string_view queue, std::size_t jobs) override {
    note("submitted", queue, std::to_string(jobs));
  }
  void refused(ErrorCode why, std::string_view queue) override {
    note("refused", domain::error_traits(why).slug, queue);
  }
  void attempt_started(const Claim& claim) override { note("started", claim.id); }
  void attempt_settled(const Claim& claim, const Resolution& resolution) override {
    note("settled", claim.id, std::get<Failed>(resolution).error);
  }
  void attempt_stale(const Claim& claim) override { note("stale", claim.id); }
  void lease_expired(const Claim& claim) override { note("expired", claim.id); }
  void circuit_changed(std::string_view queue, CircuitState from, CircuitState to) override {
    note("circuit", queue, std::to_string(static_cast<int>(from)) + std::to_string(static_cast<int>(to)));
  }
  void batch_committed(const Commit& commit) override {
    note("committed", std::to_string(commit.changes), std::to_string(commit.duration.count()));
  }
  void store_changed(std::string_view why) override { note("changed", why); }
  void store_lost(std::string_view why) override { note("lost", why); }
  void queue_changed(std::string_view queue, std::string_view why) override { note("queue", queue, why); }
  void configuration_changed(std::string_view changed, std::string_view needs_a_restart) override {
    note("configured", changed, needs_a_restart);
  }
  void configuration_refused(std::string_view why) override { note("unconfigured", why); }

 private:
  void note(std::string_view event, std::string_view one, std::string_view two = {}) {
    lines_.push_back(name_ + ' ' + std::string(event) + ' ' + std::string(one) + ' ' + std::string(two));
  }

  std::string name_;
  std::vector<std::string>& lines_;
};

void send_every_event(Observer& observer) {
  Claim claim;
  claim.id = "job";
  observer.submitted("mail", 3);
  observer.refused(ErrorCode::queue_full, "mail");
  observer.attempt_started(claim);
  observer.attempt_settled(claim, Failed{.reason = domain::Reason::rejected, .error = "no"});
  observer.attempt_stale(claim);
  observer.lease_expired(claim);
  observer.circuit_changed("mail", CircuitState::half_open, CircuitState::open);
  observer.batch_committed({.changes = 7, .duration = 8ns});
  observer.store_changed("full");
  observer.store_lost("fsync");
  observer.queue_changed("mail", "gone");
  observer.configuration_changed("workers", "store");
  observer.configuration_refused("typo");
}

}  // namespace

TEST(Observers, PassEveryEventOnWithItsArgumentsInTheOrderOfTheList) {
  std::vector<std::string> lines;
  Diary first("1", lines);
  Diary second("2", lines);
  Observers both({&first, &second});
  send_every_event(both);
  EXPECT_THAT(lines,
              testing::ElementsAre(
                  "1 submitted mail 3", "2 submitted mail 3", "1 refused queue-full mail",
                  "2 refused queue-full mail", "1 started job ", "2 started job ", "1 settled job no",
                  "2 settled job no", "1 stale job ", "2 stale job ", "1 expired job ", "2 expired job ",
                  "1 circuit mail 21", "2 circuit mail 21", "1 committed 7 8", "2 committed 7 8",
                  "1 changed full ", "2 changed full ", "1 lost fsync ", "2 lost fsync ", "1 queue mail gone",
                  "2 queue mail gone", "1 configured workers store", "2 configured workers store",
                  "1 unconfigured typo ", "2 unconfigured typo "));
}

TEST(Observers, MayBeNone) {
  Observers none({});
  send_every_event(none);
}

TEST(ObserversDeathTest, HoldNoNull) {
  EXPECT_DEATH(Observers({nullptr}), "broken invariant");
}

}  // namespace jobqd::engine
