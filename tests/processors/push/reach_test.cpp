// How a push reaches its receiver: names, addresses and connections, and what it takes of this process.

#include <atomic>
#include <new>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <gmock/gmock.h>

#include "processors/push/pushes.hpp"
#include "processors/push/receiver.hpp"
#include "support/failing_allocation.hpp"
#include "support/few_descriptors.hpp"

namespace jobqd::processors::push {

namespace {

using support::new_claim;
using testing::HasSubstr;
using testing::StartsWith;

}  // namespace

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
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "UndefinedBehaviorSanitizer needs descriptors to look at the type of an object";
#endif
  const Receiver receiver([](ServedConnection& connection, int) {
    connection.request();
    connection.answer("1");
  });
  const auto http = made(options(receiver.url()));
  // Beyond three the event loop fits, and with four the socket too; the receiver has its own at that moment.
  for (int more = 0; more < 4; ++more) {
    const auto outcome = [&] {
      const support::FewDescriptors few(more);
      return http->process(new_claim("a"), {});
    }();
    EXPECT_EQ(description_of(outcome), "unstarted: cannot connect: Too many open files") << more;
  }
  EXPECT_EQ(description_of(http->process(new_claim("a"), {})), "done: 1");
}

TEST(Push, BlamesNoJobForMemoryThatIsMissing) {
  const Receiver receiver(saying("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n1"));
  const auto http = made(options(receiver.url()));
  auto claim = new_claim("a");
  claim.payload = R"("a payload that does not fit into a string by itself")";
  std::size_t number = 0;
  for (bool failed = true; failed;) {
    engine::Outcome outcome;
    {
      const support::FailingAllocation failing(++number);
      outcome = http->process(claim, {});
      failed = support::FailingAllocation::happened();
    }
    EXPECT_EQ(description_of(outcome) == "done: 1", !failed) << number;
    EXPECT_EQ(std::holds_alternative<engine::Unstarted>(outcome), failed) << number;
    ASSERT_LT(number, 1'000U);
  }
  EXPECT_GT(number, 10U);
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

TEST(Push, SaysWhyItCannotConnect) {
  std::string closed;
  {
    const Receiver receiver(saying(""));
    closed = receiver.url();
  }
  EXPECT_EQ(description_of(push(options(closed))), "retry: cannot connect: Connection refused");
}

}  // namespace jobqd::processors::push
