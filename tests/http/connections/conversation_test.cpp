// What a connection does next, byte by byte, without a socket.

#include "http/connections/talk.hpp"

namespace jobqd::http {

using namespace std::chrono_literals;

TEST_F(TheConversation, ReadsARequestByteByByte) {
  for (const char c : get.substr(0, get.size() - 1)) {
    ASSERT_EQ(on(std::string(1, c)), Action::read);
    EXPECT_EQ(next(), Action::wait) << "a read is asked for once";
  }
  EXPECT_EQ(on("\n"), Action::handle);
  EXPECT_EQ(talk->take_request().path, "/a");
}

TEST_F(TheConversation, HasAsLongToOpenAsForAHeadAndIdlesThen) {
  restart(Conversation::Place::regular, false);
  EXPECT_EQ(next(), Action::read) << "which opens it";
  EXPECT_EQ(after(options.header_timeout - 1ms), Action::wait);
  talk->opened();
  EXPECT_EQ(after(options.header_timeout), Action::wait);
  bring(get);
  EXPECT_EQ(next(), Action::handle);
}

TEST_F(TheConversation, ClosesUnheardIfItIsNotOpenedInTimeOrTheServerStops) {
  restart(Conversation::Place::regular, false);
  EXPECT_EQ(after(options.header_timeout), Action::close);
  restart(Conversation::Place::beyond_limit, false);
  moment.stopping = true;
  EXPECT_EQ(next(), Action::close);
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
  answered({});  // the answer has no receiver
  EXPECT_EQ(talk->output().size(), 0U);
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
