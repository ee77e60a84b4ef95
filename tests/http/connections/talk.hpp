#pragma once

#include <array>
#include <cstring>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "http/connections/conversation.hpp"

namespace jobqd::http {

using Action = Conversation::Action;

/// For messages of GoogleTest.
inline void PrintTo(Action action, std::ostream* out) {
  constexpr std::array names{"wait",     "read",    "send",   "handle", "refuse",
                             "end_wait", "produce", "linger", "close"};
  *out << names.at(static_cast<std::size_t>(action));
}

inline constexpr std::string_view get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
inline constexpr std::string_view half_a_head = "GET /a HTTP/1.1\r\nHo";
inline constexpr std::string_view half_a_body = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe";
inline constexpr std::string_view expecting =
    "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";

/// A conversation at 2026-01-01T00:00:00Z.
class TheConversation : public testing::Test {
 protected:
  void restart(Conversation::Place place, bool is_open = true) {
    talk.emplace(options, moment, place, is_open);
    space = {};
  }

  /// A read that is asked for is begun.
  Action next() {
    const auto action = talk->next();
    if (action == Action::read) space = talk->space();
    return action;
  }

  /// Brings bytes to the read that is under way.
  void bring(std::string_view bytes) {
    ASSERT_LE(bytes.size(), space.size());
    std::memcpy(space.data(), bytes.data(), bytes.size());
    space = {};
    talk->received(bytes.size());
  }

  /// The actions when these bytes arrive.
  Action on(std::string_view bytes) {
    if (space.size() == 0) {
      EXPECT_EQ(next(), Action::read);
    }
    bring(bytes);
    return next();
  }

  /// A request that is with its handler.
  Request handled(std::string_view bytes = get) {
    EXPECT_EQ(on(bytes), Action::handle);
    return talk->take_request();
  }

  /// Sends all there is to send, which has been asked for.
  std::string sent() {
    const std::string all(talk->unsent());
    talk->sent(all.size());
    return all;
  }

  void answered(Response response) { talk->answered(response); }
  void begun(Response head) { talk->begun(head); }

  std::string answer(std::string body) {
    answered({.body = std::move(body)});
    EXPECT_EQ(next(), Action::send);
    return sent();
  }

  Action after(base::milliseconds time) {
    moment.now += time;
    talk->time_passed();
    return next();
  }

  static bool has_status(std::string_view answer, std::string_view status) {
    return answer.starts_with(fmt::format("HTTP/1.1 {} ", status));
  }

  boost::asio::mutable_buffer space;
  ServerOptions options;
  Moment moment{.date = "today"};
  std::optional<Conversation> talk{std::in_place, options, moment, Conversation::Place::regular};
};

}  // namespace jobqd::http
