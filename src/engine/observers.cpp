#include <jobqd/engine/observers.hpp>

#include <algorithm>
#include <utility>

#include <jobqd/base/check.hpp>

namespace jobqd::engine {

Observers::Observers(std::vector<Observer*> observers) : observers_(std::move(observers)) {
  JOBQD_CHECK(std::ranges::find(observers_, nullptr) == observers_.end());
}

void Observers::submitted(std::string_view queue, std::size_t jobs) {
  for (auto* observer : observers_) observer->submitted(queue, jobs);
}

void Observers::refused(domain::ErrorCode why, std::string_view queue) {
  for (auto* observer : observers_) observer->refused(why, queue);
}

void Observers::attempt_started(const Claim& claim) {
  for (auto* observer : observers_) observer->attempt_started(claim);
}

void Observers::attempt_settled(const Claim& claim, const Resolution& resolution) {
  for (auto* observer : observers_) observer->attempt_settled(claim, resolution);
}

void Observers::attempt_stale(const Claim& claim) {
  for (auto* observer : observers_) observer->attempt_stale(claim);
}

void Observers::lease_expired(const Claim& claim) {
  for (auto* observer : observers_) observer->lease_expired(claim);
}

void Observers::circuit_changed(std::string_view queue, domain::CircuitState from, domain::CircuitState to) {
  for (auto* observer : observers_) observer->circuit_changed(queue, from, to);
}

void Observers::batch_committed(const Commit& commit) {
  for (auto* observer : observers_) observer->batch_committed(commit);
}

void Observers::store_changed(std::string_view why) {
  for (auto* observer : observers_) observer->store_changed(why);
}

void Observers::store_lost(std::string_view why) {
  for (auto* observer : observers_) observer->store_lost(why);
}

void Observers::payloads_changed(std::string_view why) {
  for (auto* observer : observers_) observer->payloads_changed(why);
}

void Observers::job_set_aside(std::string_view job) {
  for (auto* observer : observers_) observer->job_set_aside(job);
}

void Observers::queue_changed(std::string_view queue, std::string_view why) {
  for (auto* observer : observers_) observer->queue_changed(queue, why);
}

void Observers::configuration_changed(std::string_view changed, std::string_view needs_a_restart) {
  for (auto* observer : observers_) observer->configuration_changed(changed, needs_a_restart);
}

void Observers::configuration_refused(std::string_view why) {
  for (auto* observer : observers_) observer->configuration_refused(why);
}

}  // namespace jobqd::engine
