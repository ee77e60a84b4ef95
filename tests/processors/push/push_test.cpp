// Pushes to receivers that misbehave, and stops at every point of a push.

#include "processors/push/push.hpp"

#include <future>

#include <gmock/gmock.h>

#include <jobqd/domain/limits.hpp>

#include "processors/push/pushes.hpp"
#include "processors/push/receiver.hpp"
#include "support/jobs.hpp"
#include "support/patience.hpp"

namespace jobqd::processors::push {

namespace {

using namespace std::chrono_literals;
using support::new_claim;
using testing::HasSubstr;
using testing::StartsWith;

/// As saying(), but closes at once.
Receiver::Serve saying_and_closing(std::string text) {
  return [text = std::move(text)](ServedConnection& connection, int) {
    connection.request();
    connection.send(text);
  };
}

std::string pushed_to(Receiver::Serve serve) {
  const Receiver receiver(std::move(serve));
  return description_of(push(options(receiver.url())));
}

/// More than the buffers of both ends hold.
engine::Claim large_claim() {
  auto claim = new_claim("a");
  claim.payload = '"' + std::string(32UL * 1024 * 1024, 'x') + '"';
  return claim;
}

/// Stops the push when `ready` says that it has come so far, and returns what became of it.
std::string stopped_when(std::future<void> ready, Options options, engine::Claim claim = new_claim("a")) {
  std::stop_source stop;
  auto outcome = std::async(std::launch::async,
                            [&] { return push(std::move(options), stop.get_token(), std::move(claim)); });
  EXPECT_EQ(ready.wait_for(support::patience), std::future_status::ready);
  stop.request_stop();
  EXPECT_EQ(outcome.wait_for(support::patience / 3), std::future_status::ready) << "long before its limits";
  return description_of(outcome.get());
}

}  // namespace

TEST(Push, ReadsBodiesOfEveryFraming) {
  EXPECT_EQ(pushed_to(saying(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[1\r\n3\r\n,2]\r\n0\r\n\r\n")),
            "done: [1,2]");
  EXPECT_EQ(pushed_to(saying_and_closing("HTTP/1.1 200 OK\r\n\r\n[1,2]")), "done: [1,2]");
  EXPECT_EQ(pushed_to(saying_and_closing("HTTP/1.0 200 OK\r\n\r\n[1,2]")), "done: [1,2]");
  EXPECT_EQ(pushed_to(saying("HTTP/1.1 204 No Content\r\n\r\n")), "done: nothing");
}

TEST(Push, ReadsAnAnswerThatComesByteByByte) {
  EXPECT_EQ(pushed_to([](ServedConnection& connection, int) {
              connection.request();
              for (const char c : std::string_view("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n[1,2]"))
                connection.send({&c, 1});
              connection.wait_for_end();
            }),
            "done: [1,2]");
}

TEST(Push, PassesInterimAnswersOver) {
  EXPECT_EQ(pushed_to(saying("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
                             "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n7")),
            "done: 7");
  EXPECT_EQ(pushed_to(saying("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n")),
            "retry: no answer: it changed the protocol");
}

TEST(Push, FollowsNoRedirect) {
  const Receiver secret([](ServedConnection& connection, int) { connection.answer("1"); });
  EXPECT_EQ(pushed_to(saying("HTTP/1.1 307 Temporary Redirect\r\nLocation: " + secret.url() +
                             "\r\nContent-Length: 0\r\n\r\n")),
            "fail: HTTP 307");
  EXPECT_EQ(secret.connections(), 0);
}

TEST(Push, CutsABodyWithoutEnd) {
  const auto result = pushed_to([](ServedConnection& connection, int) {
    connection.request();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
    while (connection.try_send(std::string(4096, 'x'))) continue;
  });
  EXPECT_THAT(result, StartsWith("done: \"xxxx"));
  EXPECT_LE(result.size(), domain::limits::result_bytes + 6);
}

TEST(Push, ReportsWhatIsNoAnswer) {
  EXPECT_EQ(pushed_to(saying_and_closing("")), "retry: no answer: the connection was closed");
  EXPECT_THAT(pushed_to(saying_and_closing("HTTP/1.1 200 OK\r\nContent-Le")),
              StartsWith("retry: no answer: "));
  EXPECT_THAT(pushed_to(saying_and_closing("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")),
              StartsWith("retry: no whole answer: "));
  EXPECT_THAT(pushed_to(saying("SSH-2.0-OpenSSH_9.2\r\n")), StartsWith("retry: no answer: "));
  EXPECT_THAT(pushed_to(saying("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n")),
              StartsWith("retry: no answer: "));
  EXPECT_THAT(pushed_to([](ServedConnection& connection, int) {
                connection.request();
                connection.send("HTTP/1.1 200 OK\r\nX: ");
                while (connection.try_send(std::string(4096, 'x'))) continue;
              }),
              StartsWith("retry: no answer: "));
}

TEST(Push, EndsWithinItsLimitWhateverTheReceiverDoes) {
  const Receiver::Serve interim_for_ever = [](ServedConnection& connection, int) {
    connection.request();
    std::string many;  // They come faster than they are read.
    for (int i = 0; i < 20'000; ++i) many += "HTTP/1.1 102 Processing\r\n\r\n";
    while (connection.try_send(many)) continue;
  };
  for (const auto& serve : {saying(""), saying("HTTP/1.1 20"),
                            saying("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n1"), interim_for_ever}) {
    const Receiver receiver(serve);
    auto soon = options(receiver.url());
    soon.request_timeout = 300ms;
    EXPECT_THAT(description_of(push(soon)), HasSubstr("it took too long"));
  }
}

TEST(Push, HearsAnAnswerThatComesBeforeTheRequestWasRead) {
  std::promise<void> ended;
  const Receiver receiver([&](ServedConnection& connection, int) {
    connection.read_some();
    connection.send("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig");
    ended.get_future().wait();  // Reads no more of it.
  });
  EXPECT_EQ(description_of(push(options(receiver.url()), {}, large_claim())), "fail: HTTP 413: big");
  ended.set_value();
}

TEST(Push, KeepsItsConnection) {
  const Receiver receiver([](ServedConnection& connection, int) {
    while (!connection.request().empty()) connection.answer("1");
  });
  const auto http = made(options(receiver.url()));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(description_of(http->process(new_claim("a"), {})), "done: 1");
  EXPECT_EQ(receiver.connections(), 1);
}

TEST(Push, PushesAgainWhereAKeptConnectionIsClosed) {
  for (const bool reads_first : {false, true}) {
    const Receiver receiver([&](ServedConnection& connection, int number) {
      connection.request();
      connection.answer(std::to_string(number));
      if (reads_first && number == 1) connection.request();  // And never answers it.
      if (number == 2) connection.wait_for_end();
    });
    const auto http = made(options(receiver.url()));
    EXPECT_EQ(description_of(http->process(new_claim("a"), {})), "done: 1");
    EXPECT_EQ(description_of(http->process(new_claim("b"), {})), "done: 2");
  }
}

TEST(Push, AKeptConnectionThatSaidSomethingAndClosedIsNotPushedToAgain) {
  const Receiver receiver([](ServedConnection& connection, int number) {
    connection.request();
    connection.answer(std::to_string(number));
    connection.request();
    connection.send("HTTP/1.1 100 Continue\r\n\r\n");
  });
  const auto http = made(options(receiver.url()));
  EXPECT_EQ(description_of(http->process(new_claim("a"), {})), "done: 1");
  EXPECT_THAT(description_of(http->process(new_claim("b"), {})), StartsWith("retry: no answer: "));
  EXPECT_EQ(receiver.connections(), 1) << "it heard the push, so that it is for the retries";
}

TEST(Push, WhatAKeptConnectionSaysUnaskedIsNoAnswer) {
  std::promise<void> answered;
  std::promise<void> said;
  const Receiver receiver([&](ServedConnection& connection, int number) {
    connection.request();
    connection.answer(std::to_string(number));
    if (number == 1) {
      answered.get_future().wait();
      connection.answer("\"unasked\"");
      said.set_value();
    }
    connection.wait_for_end();
  });
  const auto http = made(options(receiver.url()));
  EXPECT_EQ(description_of(http->process(new_claim("a"), {})), "done: 1");
  answered.set_value();
  said.get_future().wait();
  EXPECT_EQ(description_of(http->process(new_claim("b"), {})), "done: 2");
}

TEST(Push, GivesALookupUpAtItsLimitAndAtAStop) {
  std::promise<void> asked;
  std::promise<void> release;
  auto waiting = options("http://name.test/");
  waiting.lookup = [until = release.get_future().share()](const std::string&) {
    until.wait();
    return std::vector<std::string>{};
  };
  auto stopped = waiting;
  stopped.lookup = [&asked, wait = waiting.lookup](const std::string& host) {
    asked.set_value();
    return wait(host);
  };
  EXPECT_EQ(stopped_when(asked.get_future(), stopped), "interrupted");
  waiting.connect_timeout = 100ms;
  EXPECT_EQ(description_of(push(waiting)), "retry: looking up name.test took longer than 100 ms");
  release.set_value();
}

TEST(Push, StopsWhileTheRequestIsNotRead) {
  std::promise<void> begun;
  std::promise<void> ended;
  const Receiver receiver([&](ServedConnection& connection, int) {
    connection.read_some();
    begun.set_value();
    ended.get_future().wait();
  });
  EXPECT_EQ(stopped_when(begun.get_future(), options(receiver.url()), large_claim()), "interrupted");
  ended.set_value();
}

TEST(Push, StopsWhileItWaitsForTheAnswerAndWhileItReadsIt) {
  for (const auto* text : {"", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"}) {
    std::promise<void> begun;
    const Receiver receiver([&](ServedConnection& connection, int) {
      connection.request();
      connection.send(text);
      begun.set_value();
      connection.wait_for_end();
    });
    EXPECT_EQ(stopped_when(begun.get_future(), options(receiver.url())), "interrupted");
  }
}

TEST(Push, StopsInTheTlsHandshake) {
  std::promise<void> connected;
  const Receiver receiver([&](ServedConnection& connection, int) {
    connected.set_value();
    connection.wait_for_end();
  });
  EXPECT_EQ(stopped_when(connected.get_future(),
                         options("https://127.0.0.1:" + std::to_string(receiver.port()) + "/")),
            "interrupted");
}

TEST(Push, IsInterruptedWhereTheStopCameFirst) {
  std::stop_source stop;
  stop.request_stop();
  const Receiver receiver([](ServedConnection& connection, int) { connection.wait_for_end(); });
  EXPECT_EQ(description_of(push(options(receiver.url()), stop.get_token())), "interrupted");
}

}  // namespace jobqd::processors::push
