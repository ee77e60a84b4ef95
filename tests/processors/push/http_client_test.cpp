#include <jobqd/processors/http_client.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "processors/push/receiver.hpp"
#include "support/patience.hpp"

namespace jobqd::processors {

namespace {

using namespace std::chrono_literals;
using push::Receiver;
using push::ServedConnection;
using testing::HasSubstr;

const base::SystemClock system_clock;

std::unique_ptr<HttpClient> client_of(const std::string& url, base::milliseconds timeout = 30s) {
  return HttpClient::make(url, {{"X-Own", "1"}}, timeout, system_clock).value();
}

}  // namespace

TEST(HttpClient, PostsToAnyAddressOverOneConnection) {
  std::vector<std::string> requests;
  Receiver receiver([&](ServedConnection& connection, int) {
    for (auto request = connection.request(); !request.empty(); request = connection.request()) {
      requests.push_back(request);
      connection.send("HTTP/1.1 429 Busy\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\n{}");
    }
  });
  const support::Patience patience;
  {
    const auto client = client_of(receiver.url());
    for (const auto* body : {"first", "second"}) {
      const auto answer = client->post(body, patience.token()).value();
      EXPECT_EQ(answer.status, 429U);
      EXPECT_EQ(answer.retry_after, 7s);
      EXPECT_EQ(answer.body, "{}");
    }
  }
  EXPECT_EQ(receiver.connections(), 1);
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_THAT(requests[0], testing::AllOf(testing::StartsWith("POST "), HasSubstr("X-Own: 1\r\n"),
                                          testing::EndsWith("first")));
}

TEST(HttpClient, EndsAtAStop) {
  std::stop_source stop;
  Receiver receiver([&](ServedConnection& connection, int) {
    connection.request();
    stop.request_stop();
    connection.wait_for_end();
  });
  EXPECT_EQ(client_of(receiver.url())->post("x", stop.get_token()).error(), "it was stopped");
}

TEST(HttpClient, EndsAfterItsTimeout) {
  Receiver receiver([](ServedConnection& connection, int) {
    connection.request();
    connection.wait_for_end();
  });
  const support::Patience patience;
  EXPECT_THAT(client_of(receiver.url(), 50ms)->post("x", patience.token()).error(), HasSubstr("too long"));
}

TEST(HttpClient, IsNotMadeForAnythingButAUrl) {
  EXPECT_EQ(HttpClient::make("ftp://a", {}, 1s, system_clock).error(), http_url_fault("ftp://a"));
  EXPECT_NE(http_url_fault("ftp://a"), "");
  EXPECT_EQ(http_url_fault("https://a:1/b?c"), "");
}

}  // namespace jobqd::processors
