// Pushes to receivers that misbehave, and stops at every point of a push.

#include "processors/push/push.hpp"

#include <atomic>
#include <future>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <unistd.h>

#include <jobqd/domain/kept_text.hpp>
#include <jobqd/domain/limits.hpp>

#include "processors/push/receiver.hpp"
#include "support/jobs.hpp"
#include "support/patience.hpp"

namespace jobqd::processors::push {

namespace {

using namespace std::chrono_literals;
using support::new_claim;
using testing::HasSubstr;
using testing::StartsWith;

const base::SystemClock system_clock;

Options options(std::string url) {
  return {.url = std::move(url),
          .allow_networks = {"127.0.0.0/8"},
          .connect_timeout = support::patience,
          .request_timeout = support::patience};
}

std::unique_ptr<Push> made(Options options) {
  return Push::make(std::move(options), system_clock).value();
}

engine::Outcome push(Options options, std::stop_token stop = {}, engine::Claim claim = new_claim("a")) {
  return made(std::move(options))->process(claim, std::move(stop));
}

/// The outcome as it is kept.
std::string description_of(engine::Outcome raw) {
  const auto outcome = domain::kept(std::move(raw));
  if (const auto* done = std::get_if<engine::Done>(&outcome))
    return "done: " + done->result.value_or("nothing");
  if (const auto* retry = std::get_if<engine::Retry>(&outcome)) return "retry: " + retry->error;
  if (const auto* defer = std::get_if<engine::Defer>(&outcome)) return "defer: " + defer->error;
  if (const auto* fail = std::get_if<engine::Fail>(&outcome)) return "fail: " + fail->error;
  if (const auto* unstarted = std::get_if<engine::Unstarted>(&outcome)) return "unstarted: " + unstarted->why;
  return "interrupted";
}

/// Reads the request and says this, then waits until the other side has gone.
Receiver::Serve saying(std::string text) {
  return [text = std::move(text)](ServedConnection& connection, int) {
    connection.request();
    connection.send(text);
    connection.wait_for_end();
  };
}

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

TEST(Push, SaysWhyItCannotConnect) {
  std::string closed;
  {
    const Receiver receiver(saying(""));
    closed = receiver.url();
  }
  EXPECT_EQ(description_of(push(options(closed))), "retry: cannot connect: Connection refused");
}

TEST(Push, ReachesANameWhoseFirstAddressesAreDead) {
  const Receiver receiver([](ServedConnection& connection, int) {
    connection.request();
    connection.answer("1");
  });
  boost::asio::io_context io;
  boost::asio::ip::tcp::acceptor silent(io);  // Its backlog is full: packets to it come to nothing.
  silent.open(boost::asio::ip::tcp::v4());
  silent.bind({boost::asio::ip::make_address("127.0.0.9"), receiver.port()});
  silent.listen(0);
  std::vector<boost::asio::ip::tcp::socket> fillers;
  for (int i = 0; i < 4; ++i) {
    auto& filler = fillers.emplace_back(io);
    filler.async_connect(silent.local_endpoint(), [](const auto&) {});
  }
  for (const auto& addresses : {std::vector<std::string>{"127.0.0.8", "127.0.0.1"},
                                {"127.0.0.9", "127.0.0.1"},
                                {"127.0.0.8", "127.0.0.9", "127.0.0.8", "127.0.0.9", "127.0.0.1"}}) {
    auto several = options(receiver.url("several.test"));
    several.lookup = [&](const std::string&) { return addresses; };
    EXPECT_EQ(description_of(push(several)), "done: 1") << addresses.front();
  }
}

TEST(Push, BlamesNoJobForDescriptorsThatAreMissing) {
  const Receiver receiver([](ServedConnection& connection, int) {
    connection.request();
    connection.answer("1");
  });
  const auto http = made(options(receiver.url()));
  const int lowest_free = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::close(lowest_free);
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  // Beyond three the event loop fits, and with four the socket too; the receiver has its own at that moment.
  for (int more = 0; more < 4; ++more) {
    const rlimit few{.rlim_cur = static_cast<rlim_t>(lowest_free + more), .rlim_max = before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &few);
    const auto outcome = http->process(new_claim("a"), {});
    ::setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_EQ(description_of(outcome), "unstarted: cannot connect: Too many open files") << more;
  }
  EXPECT_EQ(description_of(http->process(new_claim("a"), {})), "done: 1");
}

TEST(Push, BlamesNoJobForALookUpThatWasShortOfSomething) {
  auto named = options("http://name.test/");
  named.lookup = [](const std::string&) {
    return std::unexpected(Failure{.why = "out of sockets", .shortage = true});
  };
  EXPECT_EQ(description_of(push(named)), "unstarted: cannot look up name.test: out of sockets");
  named.lookup = [](const std::string&) -> std::expected<std::vector<std::string>, Failure> {
    throw std::bad_alloc();
  };
  EXPECT_THAT(description_of(push(named)), StartsWith("unstarted: cannot look up name.test: "));
  named.lookup = [](const std::string&) { return std::unexpected(Failure{.why = "no such name"}); };
  EXPECT_EQ(description_of(push(named)), "retry: cannot look up name.test: no such name");
}

TEST(Push, RefusesANameIfOneOfItsAddressesIsDenied) {
  const Receiver receiver([](ServedConnection& connection, int) { connection.answer("1"); });
  for (const auto& addresses : {std::vector<std::string>{"127.0.0.1", "10.0.0.1"},
                                {"10.0.0.1", "127.0.0.1"},
                                {"127.0.0.1", "::ffff:127.0.0.1"},
                                {"127.0.0.1", "169.254.169.254"}}) {
    auto mixed = options(receiver.url("both.test"));
    mixed.lookup = [&](const std::string&) { return addresses; };
    EXPECT_THAT(description_of(push(mixed)), HasSubstr("is in no allowed network"));
  }
  EXPECT_EQ(receiver.connections(), 0) << "not even the address that is allowed";
}

TEST(Push, LooksUpOnceForEachConnection) {
  const Receiver receiver(saying("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n1"));
  std::atomic<int> lookups = 0;
  auto rebinding = options(receiver.url("rebind.test"));
  rebinding.lookup = [&](const std::string&) {
    return std::vector<std::string>{++lookups == 1 ? "127.0.0.1" : "10.0.0.1"};
  };
  const auto http = made(rebinding);
  EXPECT_EQ(description_of(http->process(new_claim("a"), {})), "done: 1");
  EXPECT_EQ(lookups, 1) << "what was judged is what was connected to";
  EXPECT_THAT(description_of(http->process(new_claim("b"), {})), HasSubstr("rebind.test is at 10.0.0.1"));
  EXPECT_EQ(receiver.connections(), 1);
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
