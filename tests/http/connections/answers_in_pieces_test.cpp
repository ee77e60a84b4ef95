// How a connection sends an answer that comes in pieces, byte by byte, without a socket.

#include "http/connections/talk.hpp"

namespace jobqd::http {

using namespace std::chrono_literals;

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
  EXPECT_GE(talk->held_bytes(), 3U);
  talk->wants_room();
  ASSERT_EQ(next(), Action::produce) << "it is held back";
  talk->written("two");
  talk->ended();
  ASSERT_EQ(next(), Action::send);
  EXPECT_EQ(sent(),
            "HTTP/1.1 200 OK\r\nDate: today\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nonetwo");
  EXPECT_EQ(talk->held_bytes(), 0U);
}

TEST_F(TheConversation, HoldsAnAnswerUntilAllOfItIsSent) {
  handled();
  begun({.body = std::string(100'000, 'x')});
  talk->ended();
  ASSERT_EQ(next(), Action::send);
  const auto size = talk->unsent().size();
  talk->sent(size - 1);
  EXPECT_GE(talk->held_bytes(), 100'000U);
  talk->sent(1);
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

}  // namespace jobqd::http
