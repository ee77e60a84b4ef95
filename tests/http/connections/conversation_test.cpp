// What a connection does next, byte by byte, without a socket.

#include "http/connections/conversation.hpp"

#include <array>
#include <cstring>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace jobqd::http {

using Action = Conversation::Action;

/// For messages of GoogleTest.
static void PrintTo(Action action, std::ostream* out) {
  constexpr std::array names{"wait",     "read",    "send",   "handle", "refuse",
                             "end_wait", "produce", "linger", "close"};
  *out << names.at(static_cast<std::size_t>(action));
}

namespace {

using namespace std::chrono_literals;

constexpr std::string_view get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr std::string_view half_a_head = "GET /a HTTP/1.1\r\nHo";
constexpr std::string_view half_a_body = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe";
constexpr std::string_view expecting =
    "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";

/// A conversation at 2026-01-01T00:00:00Z.
class TheConversation : public testing::Test {
 protected:
  void restart(Conversation::Place place) {
    talk.emplace(options, moment, place);
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

  /// What happens when these bytes come.
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

}  // namespace

TEST_F(TheConversation, ReadsARequestByteByByte) {
  for (const char c : get.substr(0, get.size() - 1)) {
    ASSERT_EQ(on(std::string(1, c)), Action::read);
    EXPECT_EQ(next(), Action::wait) << "a read is asked for once";
  }
  EXPECT_EQ(on("\n"), Action::handle);
  EXPECT_EQ(talk->take_request().path, "/a");
}

TEST_F(TheConversation, WaitsWhileARequestIsHandledAndThenReadsTheNext) {
  handled();
  EXPECT_EQ(next(), Action::wait);
  EXPECT_TRUE(answer("x").ends_with("\r\n\r\nx"));
  EXPECT_EQ(on(get), Action::handle);
}

TEST_F(TheConversation, HandlesPipelinedRequestsOneAfterTheOtherAndSendsTheirAnswersTogether) {
  handled(std::string(get) + std::string(get) + std::string(half_a_head));
  answered({.body = "1"});
  ASSERT_EQ(next(), Action::handle);
  EXPECT_EQ(talk->take_request().path, "/a");
  EXPECT_EQ(answer("2").size(), 2 * std::string_view("HTTP/1.1 200 OK\r\nDate: today\r\nContent-Type: "
                                                     "application/json\r\nContent-Length: 1\r\n\r\n1")
                                        .size());
  EXPECT_EQ(on("st: h\r\n\r\n"), Action::handle);
}

TEST_F(TheConversation, ReadsNothingWhileItsAnswersAreNotTaken) {
  std::string requests;
  for (int i = 0; i < 100; ++i) requests += get;
  handled(requests);
  answered({.body = std::string(40'000, 'x')});
  ASSERT_EQ(next(), Action::handle) << "some answers are gathered";
  static_cast<void>(talk->take_request());
  answered({.body = std::string(40'000, 'x')});
  ASSERT_EQ(next(), Action::send) << "but not too many";
  talk->sent(talk->unsent().size() - 1);
  EXPECT_TRUE(talk->output().is_sending());
  EXPECT_EQ(next(), Action::wait);
  talk->sent(1);
  EXPECT_FALSE(talk->output().is_sending());
  EXPECT_EQ(next(), Action::handle);
}

TEST_F(TheConversation, SendsWhatWasAnsweredWhileItWasSending) {
  handled(std::string(get) + std::string(get));
  answered({.body = "1"});
  ASSERT_EQ(next(), Action::handle);
  static_cast<void>(talk->take_request());
  ASSERT_EQ(next(), Action::send);
  const std::string first(talk->unsent());
  answered({.body = "2"});
  talk->sent(first.size());
  ASSERT_TRUE(talk->output().is_sending()) << "there is more";
  EXPECT_TRUE(sent().ends_with("\r\n\r\n2"));
  EXPECT_EQ(next(), Action::read);
}

TEST_F(TheConversation, InvitesABodyOnce) {
  ASSERT_EQ(on(expecting), Action::send);
  EXPECT_EQ(sent(), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(on("he"), Action::read);
  bring("llo");
  ASSERT_EQ(next(), Action::handle);
  EXPECT_EQ(talk->take_request().body, "hello");
}

TEST_F(TheConversation, RefusesWhatIsNoRequestAndLingers) {
  ASSERT_EQ(on("\x01"), Action::refuse);
  EXPECT_EQ(talk->refusal().code, domain::ErrorCode::malformed_request);
  answered(problem(talk->refusal()));
  ASSERT_EQ(next(), Action::send);
  const auto answer = sent();
  EXPECT_TRUE(has_status(answer, "400"));
  EXPECT_TRUE(answer.contains("Connection: close\r\n"));
  ASSERT_EQ(next(), Action::linger);
  EXPECT_EQ(on(get), Action::read) << "what comes is dropped";
  talk->peer_ended();
  EXPECT_EQ(next(), Action::close);
}

TEST_F(TheConversation, EndsAfterAnAnswerThatSaysSo) {
  handled(std::string(get) + std::string(get));
  answered({.close = true});
  ASSERT_EQ(next(), Action::send);
  EXPECT_TRUE(sent().contains("Connection: close"));
  EXPECT_EQ(next(), Action::linger);
  EXPECT_EQ(next(), Action::read);
  EXPECT_EQ(next(), Action::wait);
  EXPECT_EQ(after(1999ms), Action::wait);
  EXPECT_EQ(after(1ms), Action::close);
}

TEST_F(TheConversation, ClosesWhenAnIdlePeerEnds) {
  ASSERT_EQ(next(), Action::read);
  talk->peer_ended();
  EXPECT_EQ(next(), Action::close);
}

TEST_F(TheConversation, ClosesWhenAPeerEndsInTheMiddleOfARequest) {
  for (const auto part : {half_a_head, half_a_body}) {
    restart(Conversation::Place::regular);
    ASSERT_EQ(on(part), Action::read);
    talk->peer_ended();
    EXPECT_EQ(next(), Action::close);
  }
}

TEST_F(TheConversation, ReadsAheadWhileAHandlerWaits) {
  handled();
  talk->waits();
  EXPECT_EQ(on(get), Action::read);
  EXPECT_EQ(next(), Action::wait);
  answered({.body = "1"});
  ASSERT_EQ(next(), Action::handle) << "what came meanwhile is served";
}

TEST_F(TheConversation, TakesWhatAReadBringsThatOutlastedTheWait) {
  handled(std::string(get) + "GE");
  talk->waits();
  ASSERT_EQ(next(), Action::read);
  answer("1");
  EXPECT_EQ(next(), Action::wait) << "it reads already";
  ASSERT_EQ(on(get.substr(2)), Action::handle);
  EXPECT_EQ(talk->take_request().path, "/a");
}

TEST_F(TheConversation, ReadsOnlySoMuchAhead) {
  handled();
  talk->waits();
  std::size_t taken = 0;
  for (; next() == Action::read; taken += 4000) bring(std::string(4000, 'x'));
  EXPECT_GE(taken, 64'000U);
  EXPECT_LE(taken, 70'000U);
}

TEST_F(TheConversation, EndsTheWaitOfAPeerThatEnds) {
  handled();
  talk->waits();
  ASSERT_EQ(next(), Action::read);
  talk->peer_ended();
  EXPECT_EQ(next(), Action::end_wait);
  EXPECT_EQ(next(), Action::wait) << "once";
  EXPECT_TRUE(answer("nothing came").ends_with("nothing came")) << "it may only have ended its side";
  EXPECT_EQ(next(), Action::close);
}

TEST_F(TheConversation, ServesWhatAPeerHadSentBeforeItEnded) {
  handled();
  talk->waits();
  EXPECT_EQ(on(get), Action::read);
  talk->peer_ended();
  ASSERT_EQ(next(), Action::end_wait);
  answered({});
  ASSERT_EQ(next(), Action::handle);
  static_cast<void>(talk->take_request());
  answer("2");
  EXPECT_EQ(next(), Action::close);
}

TEST_F(TheConversation, EndsTheWaitOfAConnectionThatBreaks) {
  handled();
  talk->waits();
  ASSERT_EQ(next(), Action::read);
  talk->failed();
  EXPECT_EQ(next(), Action::end_wait);
  EXPECT_EQ(next(), Action::close);
  answered({});  // to nobody
  EXPECT_EQ(talk->output().size(), 0U);
}

TEST_F(TheConversation, SendsAnAnswerInPieces) {
  moment.hold_back = 0;
  handled();
  talk->wants_room();
  ASSERT_EQ(next(), Action::produce);
  EXPECT_EQ(next(), Action::wait) << "once";
  begun({.content_type = "text/plain", .body = "one"});
  talk->wants_room();
  ASSERT_EQ(next(), Action::send);
  EXPECT_EQ(next(), Action::wait) << "no room until that is sent";
  EXPECT_EQ(sent(),
            "HTTP/1.1 200 OK\r\nDate: today\r\nContent-Type: text/plain\r\n"
            "Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
  ASSERT_EQ(next(), Action::produce);
  talk->written("two");
  talk->ended();
  ASSERT_EQ(next(), Action::send);
  EXPECT_EQ(sent(), "3\r\ntwo\r\n0\r\n\r\n");
  EXPECT_EQ(on(get), Action::handle);
}

TEST_F(TheConversation, SendsAShortAnswerInPiecesAsAWhole) {
  moment.hold_back = 6;
  handled();
  begun({.content_type = "text/plain", .body = "one"});
  EXPECT_EQ(talk->held_bytes(), 3U);
  talk->wants_room();
  ASSERT_EQ(next(), Action::produce) << "it is held back";
  talk->written("two");
  talk->ended();
  ASSERT_EQ(next(), Action::send);
  EXPECT_EQ(sent(),
            "HTTP/1.1 200 OK\r\nDate: today\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nonetwo");
  EXPECT_EQ(talk->held_bytes(), 0U);
}

TEST_F(TheConversation, HoldsBackNoMoreThanItMay) {
  moment.hold_back = 6;
  handled();
  begun({.content_type = "", .body = "one"});
  talk->written("two!");
  ASSERT_EQ(next(), Action::send);
  EXPECT_EQ(sent(), "HTTP/1.1 200 OK\r\nDate: today\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nonetwo!\r\n");
  talk->ended();
  ASSERT_EQ(next(), Action::send);
  EXPECT_EQ(sent(), "0\r\n\r\n");
}

TEST_F(TheConversation, KeepsAnHttp10ConnectionAfterAShortAnswerInPieces) {
  handled("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  begun({.body = "one"});
  talk->ended();
  ASSERT_EQ(next(), Action::send);
  EXPECT_TRUE(sent().contains("Content-Length: 3\r\nConnection: keep-alive\r\n"));
  EXPECT_EQ(next(), Action::read);
}

TEST_F(TheConversation, GivesHeadTheLengthOfAShortAnswerInPieces) {
  handled("HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n");
  begun({.content_type = "", .body = "one"});
  talk->ended();
  ASSERT_EQ(next(), Action::send);
  EXPECT_EQ(sent(), "HTTP/1.1 200 OK\r\nDate: today\r\nContent-Length: 3\r\n\r\n");
}

TEST_F(TheConversation, ProducesNothingForAPeerThatReadsNothing) {
  moment.hold_back = 0;
  handled();
  begun({.body = "one"});
  talk->wants_room();
  ASSERT_EQ(next(), Action::send);
  EXPECT_EQ(after(29s), Action::wait);
  EXPECT_EQ(after(1s), Action::close);
  talk->written("two");
  talk->wants_room();
  EXPECT_EQ(next(), Action::close);
}

TEST_F(TheConversation, EndsHttp10ByClosing) {
  moment.hold_back = 0;
  handled("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  begun({.content_type = "", .body = "one"});
  talk->ended();
  ASSERT_EQ(next(), Action::send);
  EXPECT_EQ(sent(), "HTTP/1.1 200 OK\r\nDate: today\r\nConnection: close\r\n\r\none");
  EXPECT_EQ(next(), Action::linger);
}

TEST_F(TheConversation, TimesOutWhatIsSlow) {
  EXPECT_EQ(next(), Action::read);
  EXPECT_EQ(after(59'999ms), Action::wait);
  EXPECT_EQ(after(1ms), Action::close) << "idle";
  struct Slow {
    std::string_view part;
    base::milliseconds limit;
  };
  for (const auto& [part, limit] : {Slow{half_a_head, 10s}, Slow{half_a_body, 30s}}) {
    restart(Conversation::Place::regular);
    ASSERT_EQ(on(part), Action::read);
    EXPECT_EQ(after(limit - 1ms), Action::wait);
    ASSERT_EQ(after(1ms), Action::refuse) << part;
    EXPECT_EQ(talk->refusal().code, domain::ErrorCode::request_timeout);
  }
}

TEST_F(TheConversation, DoesNotCountTheTimeOfAHandler) {
  handled();
  EXPECT_EQ(after(23h), Action::wait);
  answer("x");
  EXPECT_EQ(next(), Action::read);
  EXPECT_EQ(after(59s), Action::wait) << "idle since the answer was sent";
}

TEST_F(TheConversation, IdlesNoLongerForEmptyLines) {
  for (int i = 0; i < 59; ++i) {
    ASSERT_EQ(on("\r\n"), Action::read);
    ASSERT_EQ(after(1s), Action::wait);
  }
  EXPECT_EQ(after(1s), Action::close);
}

TEST_F(TheConversation, ClosesAnIdleConnectionWhenTheServerStops) {
  ASSERT_EQ(next(), Action::read);
  moment.stopping = true;
  EXPECT_EQ(next(), Action::close);
}

TEST_F(TheConversation, EndsAfterTheAnswerWhenTheServerStops) {
  handled(std::string(get) + std::string(get));
  moment.stopping = true;
  EXPECT_EQ(next(), Action::wait);
  EXPECT_TRUE(answer("x").contains("Connection: close"));
  EXPECT_EQ(next(), Action::linger);
}

TEST_F(TheConversation, LetsAPartOfARequestBecomeWholeWhenTheServerStops) {
  ASSERT_EQ(on(half_a_head), Action::read);
  moment.stopping = true;
  EXPECT_EQ(next(), Action::wait);
  bring("st: h\r\n\r\n");
  ASSERT_EQ(next(), Action::handle);
}

TEST_F(TheConversation, EndsWaitsWhenTheServerStops) {
  handled();
  talk->waits();
  ASSERT_EQ(next(), Action::read);
  moment.stopping = true;
  EXPECT_EQ(next(), Action::end_wait);
  EXPECT_EQ(next(), Action::wait);
  answer("x");
  EXPECT_EQ(next(), Action::linger);
}

TEST_F(TheConversation, ServesOneRequestBeyondTheLimit) {
  restart(Conversation::Place::beyond_limit);
  handled(std::string(get) + std::string(get));
  EXPECT_TRUE(answer("x").contains("Connection: close"));
  EXPECT_EQ(next(), Action::linger);
}

TEST_F(TheConversation, DoesNotIdleBeyondTheLimit) {
  restart(Conversation::Place::beyond_limit);
  ASSERT_EQ(on("\r\n"), Action::read);
  EXPECT_EQ(after(10s), Action::refuse);
}

}  // namespace jobqd::http
