#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "http/message.hpp"

namespace jobqd::http {

/// An exchange without a connection: keeps its answer, and lets a test decide when a wait is over. There is
/// always room for the next piece. One thread.
class FakeExchange final : public Exchange {
 public:
  /// `room`: for each piece of the answer.
  explicit FakeExchange(Room room = {}) : room_(room) {}

  void respond(Response response) override {
    if (response_) throw std::logic_error("answered twice");
    response_ = std::move(response);
    complete_ = true;
  }

  void begin(Response head) override {
    respond(std::move(head));
    complete_ = false;
    pieces_ = 1;
  }

  void write(std::string bytes) override {
    if (complete_ || !response_) throw std::logic_error("written outside of an answer in pieces");
    response_->body += bytes;
    ++pieces_;
  }

  void end() override {
    if (complete_ || !response_) throw std::logic_error("ended outside of an answer in pieces");
    complete_ = true;
  }

  void when_room(Produce produce) override {
    if (complete_) throw std::logic_error("asked for room after the answer");
    produce(room_);
  }

  void after(base::milliseconds wait, std::function<void()> function) override {
    wait_ = wait;
    when_over_ = std::move(function);
  }

  [[nodiscard]] bool answered() const { return complete_; }

  /// In how many pieces the answer came; 0 for one that came as a whole.
  [[nodiscard]] int pieces() const { return pieces_; }

  [[nodiscard]] const Response& response() const {
    if (!complete_) throw std::logic_error("not answered");
    return *response_;
  }

  /// How long the handler wants to wait; empty when it does not.
  [[nodiscard]] std::optional<base::milliseconds> wait() const { return wait_; }

  void end_the_wait() { std::exchange(when_over_, {})(); }

 private:
  Room room_;
  std::optional<Response> response_;
  bool complete_ = false;
  int pieces_ = 0;
  std::optional<base::milliseconds> wait_;
  std::function<void()> when_over_;
};

/// The value of a field of the response; empty if it is missing.
[[nodiscard]] inline std::string field_of(const Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers)
    if (key == name) return value;
  return {};
}

/// `404 /problems/not-found` or `200`.
[[nodiscard]] inline std::string summary(const Response& response) {
  auto text = std::to_string(response.status);
  if (response.content_type == "application/problem+json")
    text += " " + nlohmann::json::parse(response.body).at("type").get<std::string>();
  return text;
}

}  // namespace jobqd::http
