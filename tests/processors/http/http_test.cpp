// Pushes to receivers that behave, and to others that do not.

#include <jobqd/processors/http.hpp>

#include <future>
#include <thread>

#include <gmock/gmock.h>

#include <jobqd/domain/limits.hpp>

#include "processors/http/receiver.hpp"
#include "support/jobs.hpp"
#include "support/patience.hpp"

namespace jobqd::processors {

namespace {

using namespace std::chrono_literals;
using support::new_claim;
using testing::HasSubstr;
using testing::StartsWith;

const domain::SystemClock system_clock;

Http::Options options(std::string url) {
  return {.url = std::move(url),
          .allow_networks = {"127.0.0.0/8"},
          .connect_timeout = 20s,
          .request_timeout = 20s};
}

Http::Options soon(std::string url) {
  auto result = options(std::move(url));
  result.request_timeout = 300ms;
  return result;
}

engine::Outcome push(Http::Options options, std::stop_token stop = {}) {
  return Http(std::move(options), system_clock).process(new_claim("a"), std::move(stop));
}

std::string told(const engine::Outcome& outcome) {
  if (const auto* done = std::get_if<engine::Done>(&outcome))
    return "done: " + done->result.value_or("nothing");
  if (const auto* retry = std::get_if<engine::Retry>(&outcome)) return "retry: " + retry->error;
  if (const auto* defer = std::get_if<engine::Defer>(&outcome)) return "defer: " + defer->error;
  if (const auto* fail = std::get_if<engine::Fail>(&outcome)) return "fail: " + fail->error;
  return "interrupted";
}

/// A receiver that reads the request and sends this, then waits until the other side has gone.
Receiver::Serve saying(std::string text) {
  return [text = std::move(text)](ReceiverConnection& connection, int) {
    connection.request();
    connection.send(text);
    connection.wait_for_end();
  };
}

/// As saying(), but closes at once.
Receiver::Serve saying_and_closing(std::string text) {
  return [text = std::move(text)](ReceiverConnection& connection, int) {
    connection.request();
    connection.send(text);
  };
}

std::string pushed_to(Receiver::Serve serve) {
  const Receiver server(std::move(serve));
  return told(push(options(server.url())));
}

/// Stops the push when `ready` says that it has come so far, and returns what became of it.
std::string stopped_when(std::future<void> ready, Http::Options options) {
  std::stop_source stop;
  auto outcome = std::async(std::launch::async, [&] { return push(std::move(options), stop.get_token()); });
  EXPECT_EQ(ready.wait_for(support::patience), std::future_status::ready);
  stop.request_stop();
  EXPECT_EQ(outcome.wait_for(support::patience / 3), std::future_status::ready) << "long before its limits";
  return told(outcome.get());
}

}  // namespace

TEST(Http, PostsTheJobAndTakesTheAnswer) {
  std::string request;
  std::string result;
  {
    const Receiver server([&](ReceiverConnection& connection, int) {
      request = connection.request();
      connection.answer(R"({"n": 2})");
    });
    result = told(push(options(server.url())));
    EXPECT_THAT(request, StartsWith("POST /hook?a=b HTTP/1.1\r\n"));
    EXPECT_THAT(request, HasSubstr("Host: 127.0.0.1:" + std::to_string(server.port()) + "\r\n"));
  }
  EXPECT_EQ(result, R"(done: {"n": 2})");
  for (const auto* line : {"User-Agent: jobqd\r\n", "Job-Id: a\r\n", "Content-Length: 7\r\n",
                           "Content-Type: application/json\r\n", "\r\n\r\n{\"n\":1}"})
    EXPECT_THAT(request, HasSubstr(line));
}

TEST(Http, ReadsBodiesOfEveryFraming) {
  EXPECT_EQ(pushed_to(saying(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[1\r\n3\r\n,2]\r\n0\r\n\r\n")),
            "done: [1,2]");
  EXPECT_EQ(pushed_to(saying_and_closing("HTTP/1.1 200 OK\r\n\r\n[1,2]")), "done: [1,2]");
  EXPECT_EQ(pushed_to(saying_and_closing("HTTP/1.0 200 OK\r\n\r\n[1,2]")), "done: [1,2]");
  EXPECT_EQ(pushed_to(saying("HTTP/1.1 204 No Content\r\n\r\n")), "done: nothing");
}

TEST(Http, PassesInterimAnswersOver) {
  EXPECT_EQ(pushed_to(saying("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
                             "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n7")),
            "done: 7");
}

TEST(Http, FollowsNoRedirect) {
  EXPECT_EQ(pushed_to(saying("HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/\r\n"
                             "Content-Length: 0\r\n\r\n")),
            "fail: HTTP 307");
}

TEST(Http, DefersAsTheReceiverAsks) {
  EXPECT_EQ(pushed_to(saying("HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nbusy")),
            "defer: HTTP 503: busy");
}

TEST(Http, CutsABodyThatIsTooLong) {
  const Receiver server([](ReceiverConnection& connection, int) {
    connection.request();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
    while (connection.try_send(std::string(4096, 'x'))) continue;
  });
  const auto result = told(push(options(server.url())));
  EXPECT_THAT(result, StartsWith("done: \"xxxx"));
  EXPECT_LE(result.size(), domain::limits::result_bytes + 6);
}

TEST(Http, KeepsItsConnection) {
  const Receiver server([](ReceiverConnection& connection, int) {
    while (!connection.request().empty()) connection.answer("1");
  });
  {
    Http http(options(server.url()), system_clock);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(told(http.process(new_claim("a"), {})), "done: 1");
    EXPECT_EQ(server.connections(), 1);
  }
}

TEST(Http, PostsAgainWhereAKeptConnectionWasClosedMeanwhile) {
  const Receiver server([](ReceiverConnection& connection, int number) {
    connection.request();
    connection.answer(std::to_string(number));
    if (number == 1) connection.request();  // The second post of the first connection is never answered.
  });
  Http http(options(server.url()), system_clock);
  EXPECT_EQ(told(http.process(new_claim("a"), {})), "done: 1");
  EXPECT_EQ(told(http.process(new_claim("b"), {})), "done: 2");
}

TEST(Http, UsesNoConnectionThatHasMoreToSay) {
  const Receiver server([](ReceiverConnection& connection, int number) {
    connection.request();
    connection.answer(std::to_string(number));
    connection.answer("\"of another request\"");
    connection.wait_for_end();
  });
  Http http(options(server.url()), system_clock);
  EXPECT_EQ(told(http.process(new_claim("a"), {})), "done: 1");
  EXPECT_NE(told(http.process(new_claim("b"), {})), R"(done: "of another request")");
}

TEST(Http, TellsWhatIsNoAnswer) {
  const Receiver server(saying_and_closing(""));
  EXPECT_EQ(told(push(options(server.url()))), "retry: no answer: the connection was closed");
  EXPECT_THAT(pushed_to(saying_and_closing("HTTP/1.1 200 OK\r\nContent-Le")), HasSubstr("answer: "));
  EXPECT_THAT(pushed_to(saying_and_closing("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")),
              HasSubstr("answer: "));
  EXPECT_THAT(pushed_to(saying("SSH-2.0-OpenSSH_9.2\r\n")), HasSubstr("no answer: "));
  EXPECT_THAT(pushed_to(saying("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n")), HasSubstr("no answer: "));
  EXPECT_THAT(pushed_to(saying("HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'x'))),
              HasSubstr("no answer: "));
}

TEST(Http, EndsWithinItsLimitWhateverTheReceiverDoes) {
  const Receiver::Serve slow = [](ReceiverConnection& connection, int) {
    connection.request();
    // As fast as it can, and still without end.
    while (connection.try_send("HTTP/1.1 102 Processing\r\n\r\n")) continue;
  };
  for (const auto& serve :
       {saying(""), saying("HTTP/1.1 20"), saying("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n1"), slow,
        Receiver::Serve([](ReceiverConnection& connection, int) { connection.wait_for_end(); })}) {
    const Receiver server(serve);
    EXPECT_THAT(told(push(soon(server.url()))), HasSubstr("it took too long"));
  }
}

TEST(Http, SaysWhyItCannotConnect) {
  std::uint16_t closed = 0;
  {
    const Receiver server(saying(""));
    closed = server.port();
  }
  const auto port = std::to_string(closed);
  EXPECT_EQ(told(push(options("http://127.0.0.1:" + port + "/"))),
            "retry: cannot connect: Connection refused");
}

TEST(Http, StopsWhileItWaitsForTheResolver) {
  std::promise<void> asked;
  const auto release = std::make_shared<std::promise<void>>();
  auto waiting = options("http://name.test/");
  waiting.lookup = [&asked, until = release->get_future().share(), release](const std::string&) {
    asked.set_value();
    until.wait();
    return std::vector<std::string>{"127.0.0.1"};
  };
  EXPECT_EQ(stopped_when(asked.get_future(), waiting), "interrupted");
  release->set_value();
}

TEST(Http, GivesTheResolverUpAtItsLimit) {
  const auto release = std::make_shared<std::promise<void>>();
  auto waiting = options("http://name.test/");
  waiting.connect_timeout = 100ms;
  waiting.lookup = [until = release->get_future().share()](const std::string&) {
    until.wait();
    return std::vector<std::string>{};
  };
  EXPECT_EQ(told(push(waiting)), "retry: looking up name.test took longer than 100 ms");
  release->set_value();
}

TEST(Http, StopsWhileItWaitsForTheAnswer) {
  std::promise<void> received;
  const Receiver server([&](ReceiverConnection& connection, int) {
    connection.request();
    received.set_value();
    connection.wait_for_end();
  });
  EXPECT_EQ(stopped_when(received.get_future(), options(server.url())), "interrupted");
}

TEST(Http, StopsWhileItReadsTheAnswer) {
  std::promise<void> begun;
  const Receiver server([&](ReceiverConnection& connection, int) {
    connection.request();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
    begun.set_value();
    connection.wait_for_end();
  });
  EXPECT_EQ(stopped_when(begun.get_future(), options(server.url())), "interrupted");
}

TEST(Http, StopsWhileItWaitsForTls) {
  std::promise<void> connected;
  const Receiver server([&](ReceiverConnection& connection, int) {
    connected.set_value();
    connection.wait_for_end();
  });
  EXPECT_EQ(stopped_when(connected.get_future(),
                         options("https://127.0.0.1:" + std::to_string(server.port()) + "/")),
            "interrupted");
}

TEST(Http, IsInterruptedWhereTheStopCameFirst) {
  std::stop_source stop;
  stop.request_stop();
  const Receiver server([](ReceiverConnection& connection, int) { connection.wait_for_end(); });
  EXPECT_EQ(told(push(options(server.url()), stop.get_token())), "interrupted");
}

TEST(Http, RefusesANameIfOneOfItsAddressesIsDenied) {
  const Receiver server([](ReceiverConnection& connection, int) { connection.answer("1"); });
  for (const auto& addresses : {std::vector<std::string>{"127.0.0.1", "10.0.0.1"},
                                {"10.0.0.1", "127.0.0.1"},
                                {"127.0.0.1", "::ffff:127.0.0.1"},
                                {"127.0.0.1", "169.254.169.254"}}) {
    auto mixed = options(server.url("both.test"));
    mixed.lookup = [&](const std::string&) { return addresses; };
    EXPECT_THAT(told(push(mixed)), HasSubstr("which is in no allowed network"));
  }
  EXPECT_EQ(server.connections(), 0) << "not even the address that is allowed";
}

TEST(Http, ResolvesOnceForEachConnection) {
  const Receiver server([](ReceiverConnection& connection, int) {
    connection.request();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n1");
  });
  int lookups = 0;
  auto rebinding = options(server.url("rebind.test"));
  rebinding.lookup = [&](const std::string&) {
    return std::vector<std::string>{++lookups % 2 == 1 ? "127.0.0.1" : "10.0.0.1"};
  };
  Http http(rebinding, system_clock);
  EXPECT_EQ(told(http.process(new_claim("a"), {})), "done: 1");
  EXPECT_EQ(lookups, 1) << "what was checked is what was connected to";
  EXPECT_THAT(told(http.process(new_claim("b"), {})),
              HasSubstr("rebind.test is at 10.0.0.1, which is in no allowed network"));
  EXPECT_EQ(server.connections(), 1);
}

}  // namespace jobqd::processors
