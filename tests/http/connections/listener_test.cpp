// How connections are accepted, and what observers see of them.

#include "http/connections/listener.hpp"

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <jobqd/http/observer.hpp>

#include "http/connections/test_client.hpp"
#include "http/connections/test_server.hpp"
#include "support/patience.hpp"

namespace jobqd::http {

namespace {

using namespace std::chrono_literals;

/// Holds the server's thread, so that a test may decide what is ready when it goes on.
class Gate {
 public:
  void hold() {
    std::unique_lock lock(mutex_);
    const auto mine = ++held_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return opened_ >= mine; });
  }
  void wait_until_held(int times) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, support::patience, [&] { return held_ >= times; }));
  }
  void open() {
    const std::scoped_lock lock(mutex_);
    ++opened_;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int held_ = 0;
  int opened_ = 0;
};

/// Notes what it sees. Any thread may look at it.
class Notes final : public Observer {
 public:
  void connection_opened() override { note("opened"); }
  void connection_closed() override { note("closed"); }
  void connection_refused() override { note("refused"); }
  void request_answered(const Answered& answered) override {
    note(fmt::format("{} {} after {} ms", answered.route, answered.status, answered.duration / 1ms));
  }

  void admin_changed(const AdminChange& change) override {
    note(fmt::format("{} {} {} from {}", change.action, change.target, change.count,
                     change.peer.substr(0, change.peer.find(':'))));
  }

  [[nodiscard]] std::vector<std::string> all() const {
    const std::scoped_lock lock(mutex_);
    return notes_;
  }
  [[nodiscard]] std::size_t count(std::string_view what) const {
    const std::scoped_lock lock(mutex_);
    return static_cast<std::size_t>(std::ranges::count(notes_, what));
  }
  [[nodiscard]] bool has(std::string_view what, std::size_t times = 1) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, support::patience, [&] {
      return static_cast<std::size_t>(std::ranges::count(notes_, what)) >= times;
    });
  }

 private:
  void note(std::string what) {
    const std::scoped_lock lock(mutex_);
    notes_.push_back(std::move(what));
    changed_.notify_all();
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> notes_;
};

std::string get(std::string_view path) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: h\r\n\r\n", path);
}

/// Answers /gate when the gate opens, everything else at once, with the path as the route.
class Accepting : public testing::Test {
 protected:
  Gate gate;
  Notes notes;
  TestServer server{{.max_connections = 100},
                    [this](Request& request, ExchangePtr exchange) {
                      if (request.path == "/gate") gate.hold();
                      if (request.path == "/routed") request.route = "/{any}";
                      if (request.path == "/purge") {
                        request.path_param = "mail";
                        return exchange->respond({.change = Change{.action = "purge", .count = 7}});
                      }
                      exchange->respond({.body = "x"});
                    },
                    {&notes}};
};

}  // namespace

TEST_F(Accepting, TakesAllThatWaitBeforeOthersGetATurn) {
  TestClient first(server.port());
  TestClient second(server.port());
  ASSERT_TRUE(first.ask(get("/")) && second.ask(get("/")));
  first.send(get("/gate"));
  gate.wait_until_held(1);
  std::vector<std::unique_ptr<TestClient>> others;
  for (int i = 0; i < 60; ++i) others.push_back(std::make_unique<TestClient>(server.port()));
  second.send(get("/gate"));  // is ready after all of them
  gate.open();
  gate.wait_until_held(2);
  EXPECT_EQ(notes.count("opened"), 62U);
  gate.open();
}

TEST_F(Accepting, IsObserved) {
  {
    TestClient client(server.port());
    ASSERT_TRUE(client.ask(get("/routed")));
    ASSERT_TRUE(client.ask(get("/elsewhere")));
    ASSERT_TRUE(client.ask("\x01"));
  }
  EXPECT_TRUE(notes.has("closed"));
  EXPECT_EQ(notes.all(), (std::vector<std::string>{"opened", "/{any} 200 after 0 ms", " 200 after 0 ms",
                                                   " 400 after 0 ms", "closed"}));
}

/// Notes how a request was made.
class Requests final : public Observer {
 public:
  void request_answered(const Answered& answered) override {
    notes.push_back(fmt::format("{}{}", answered.method, answered.may_wait ? " may wait" : ""));
  }
  std::vector<std::string> notes;  ///< Looked at once the server has ended.
};

TEST(Observing, TellsHowARequestWasMade) {
  Requests requests;
  {
    TestServer server({},
                      [](Request& request, const ExchangePtr& exchange) {
                        request.may_wait = request.path == "/lease";
                        exchange->respond({});
                      },
                      {&requests});
    TestClient client(server.port());
    ASSERT_TRUE(client.ask("POST /lease HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"));
    ASSERT_TRUE(client.ask("BREW / HTTP/1.1\r\nHost: h\r\n\r\n"));
    ASSERT_TRUE(client.ask("\x01"));
  }
  EXPECT_EQ(requests.notes, (std::vector<std::string>{"POST may wait", "other", ""}));
}

TEST(Observing, TellsHowLongAnAnswerTook) {
  Notes notes;
  TestServer server({}, {}, {&notes});
  TestClient client(server.port());
  client.send(get("/hold"));
  const auto exchange = server.held();
  server.clock.advance(1234ms);
  exchange->respond({.status = 202});
  ASSERT_TRUE(client.read_answer());
  EXPECT_TRUE(notes.has(" 202 after 1234 ms"));
}

TEST(Observing, CountsWhoIsClosedUnheard) {
  Notes notes;
  TestServer server({.max_connections = 1}, {}, {&notes});
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 70; ++i) clients.push_back(std::make_unique<TestClient>(server.port()));
  EXPECT_TRUE(notes.has("refused", 5));
  EXPECT_EQ(notes.count("opened"), 65U);
}

TEST(Observing, ReachesEveryObserver) {
  Notes one;
  Notes another;
  Observers observers({&one, &another});
  observers.connection_opened();
  observers.request_answered({.route = "/a", .status = 200});
  observers.connection_refused();
  observers.connection_closed();
  EXPECT_EQ(one.all(), (std::vector<std::string>{"opened", "/a 200 after 0 ms", "refused", "closed"}));
  EXPECT_EQ(one.all(), another.all());
  EXPECT_TRUE(Observers({}).empty());
}

TEST_F(Accepting, ReportsWhatAnOperatorChanged) {
  TestClient client(server.port());
  client.send(get("/purge"));
  EXPECT_TRUE(notes.has("purge mail 7 from 127.0.0.1"));
}

}  // namespace jobqd::http
