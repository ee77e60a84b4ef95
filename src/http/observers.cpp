#include <algorithm>
#include <utility>

#include <jobqd/base/check.hpp>
#include <jobqd/http/observer.hpp>

namespace jobqd::http {

Observers::Observers(std::vector<Observer*> observers) : observers_(std::move(observers)) {
  JOBQD_CHECK(std::ranges::find(observers_, nullptr) == observers_.end());
}

void Observers::connection_opened() {
  for (auto* observer : observers_) observer->connection_opened();
}

void Observers::connection_closed() {
  for (auto* observer : observers_) observer->connection_closed();
}

void Observers::connection_refused() {
  for (auto* observer : observers_) observer->connection_refused();
}

void Observers::handshake_failed() {
  for (auto* observer : observers_) observer->handshake_failed();
}

void Observers::request_answered(const Answered& answered) {
  for (auto* observer : observers_) observer->request_answered(answered);
}

void Observers::admin_changed(const AdminChange& change) {
  for (auto* observer : observers_) observer->admin_changed(change);
}

}  // namespace jobqd::http
