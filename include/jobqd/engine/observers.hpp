#pragma once

#include <vector>

#include <jobqd/engine/observer.hpp>

namespace jobqd::engine {

/// Passes every event on to a fixed list of observers, in the order of the list, on the calling thread.
///
/// Thread-safe as far as they are: the list never changes, so there is no lock, and no event allocates.
/// Holds pointers only, none of them null; the observers outlive it. An observer that ends the process in
/// store_lost() comes last.
class Observers final : public Observer {
 public:
  explicit Observers(std::vector<Observer*> observers);

  void submitted(std::string_view queue, std::size_t jobs) override;
  void refused(domain::ErrorCode why, std::string_view queue) override;
  void attempt_started(const Claim& claim) override;
  void attempt_settled(const Claim& claim, const Resolution& resolution) override;
  void attempt_stale(const Claim& claim) override;
  void lease_expired(const Claim& claim) override;
  void circuit_changed(std::string_view queue, domain::CircuitState from, domain::CircuitState to) override;
  void batch_committed(const Commit& commit) override;
  void store_changed(std::string_view why) override;
  void store_lost(std::string_view why) override;
  void payloads_changed(std::string_view why) override;
  void job_set_aside(std::string_view job) override;
  void queue_changed(std::string_view queue, std::string_view why) override;
  void configuration_changed(std::string_view changed, std::string_view needs_a_restart) override;
  void configuration_refused(std::string_view why) override;

 private:
  const std::vector<Observer*> observers_;
};

}  // namespace jobqd::engine
