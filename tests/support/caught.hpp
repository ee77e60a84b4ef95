#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>

#include <jobqd/engine/store.hpp>

#include "support/patience.hpp"

namespace jobqd::support {

/// Catches the result of a callback, and notices a second call. Thread-safe; callbacks may outlive it.
template <class T>
class Caught {
 public:
  [[nodiscard]] engine::Callback<T> callback() {
    return [state = state_](engine::Expected<T> result) { state->tell(std::move(result)); };
  }

  [[nodiscard]] bool called() const {
    const std::scoped_lock lock(state_->mutex);
    return state_->result.has_value();
  }

  /// Waits for the result of the callback.
  [[nodiscard]] engine::Expected<T> result() const {
    std::unique_lock lock(state_->mutex);
    const bool told = state_->changed.wait_for(lock, patience, [&] { return state_->result.has_value(); });
    if (!told) throw std::logic_error("the callback was never called");
    if (state_->twice) throw std::logic_error("the callback was called twice");
    return *state_->result;
  }

 private:
  struct State {
    void tell(engine::Expected<T> told) {
      const std::scoped_lock lock(mutex);
      twice = result.has_value();
      result.emplace(std::move(told));
      changed.notify_all();
    }

    std::mutex mutex;
    std::condition_variable changed;
    std::optional<engine::Expected<T>> result;
    bool twice = false;
  };

  std::shared_ptr<State> state_ = std::make_shared<State>();
};

/// Makes a call that answers through a callback, and waits for the answer:
/// `result_of<domain::Job>([&](auto done) { store.find("a", std::move(done)); })`.
template <class T, class Call>
[[nodiscard]] engine::Expected<T> result_of(Call call) {
  Caught<T> caught;
  call(caught.callback());
  return caught.result();
}

}  // namespace jobqd::support
