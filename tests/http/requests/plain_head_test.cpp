#include "http/requests/plain_head.hpp"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "http/requests/head_readings.hpp"
#include "support/changed_bytes.hpp"

namespace jobqd::http {

namespace {

std::optional<std::uint64_t> read_plain(const std::string& head) {
  HeadFacts facts;
  std::vector<HeaderField> fields;
  return read_plain_head(head, readings_max_body, facts, fields);
}

/// Whether a head that the scanner accepts was plain; then Beast must read the same.
bool read_alike(const std::string& head) {
  const auto readings = read_head_twice(head);
  if (!readings) return false;
  EXPECT_EQ(readings->plain, readings->beast) << head;
  return true;
}

const std::vector<std::string>& plain_heads() {
  static const std::vector<std::string> heads{
      "POST /enqueue HTTP/1.1\r\nHost: a:80\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n",
      "GET /v1/jobs?limit=1 HTTP/1.1\r\nhost:a\r\nUser-Agent: \tx y \t\r\nAccept:\r\n\r\n",
      "DELETE /v1/jobs/%20 HTTP/1.1\r\nHOST: a\r\nConnection: Keep-Alive\r\nConnection: keep-alive\r\n\r\n",
      "x http://a/ HTTP/1.1\r\nHost: a\r\nHost: b\r\nX: \xC3\xA4: b\r\nContent-Length: 0\r\n\r\n",
      "OPTIONS * HTTP/1.1\r\n\r\n",
  };
  return heads;
}

/// A head with one more field than it needs.
std::string with(const std::string& field) {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + field + "\r\n\r\n";
}

}  // namespace

TEST(PlainHead, IsReadAsBeastReadsIt) {
  for (const auto& head : plain_heads()) EXPECT_TRUE(read_alike(head)) << head;
  EXPECT_EQ(read_plain(plain_heads().front()), 12U);
}

TEST(PlainHead, LeavesToBeastWhatChangesTheConnectionOrTheBody) {
  for (const auto* field :
       {"Transfer-Encoding: chunked", "transfer-encoding: identity", "Connection: close",
        "connection: keep-alive, close", "Connection: upgrade", "Connection:", "Proxy-Connection: close",
        "Upgrade: h2c", "Expect: 100-continue", "EXPECT: x", "Content-Encoding: gzip"})
    EXPECT_FALSE(read_plain(with(field))) << field;
  EXPECT_FALSE(read_plain("GET / HTTP/1.0\r\nHost: a\r\n\r\n"));
}

TEST(PlainHead, LeavesToBeastWhatIsWrong) {
  for (const auto* field : {"Content-Length: -1",
                            "Content-Length: +1",
                            "Content-Length: 1 1",
                            "Content-Length: 1,1",
                            "Content-Length:",
                            "Content-Length: 00",
                            "Content-Length: 01",
                            "Content-Length: 0x1",
                            "Content-Length: 5001",
                            "Content-Length: 1234567890123456789",
                            "Content-Length: 1\r\nContent-Length: 1",
                            "A : b",
                            " A: b",
                            "A\tB: c",
                            ": b",
                            "A",
                            "A(: b",
                            "\xC3\xA4: b",
                            "Content-Length : 1",
                            "Transfer-Encoding : chunked"})
    EXPECT_FALSE(read_plain(with(field))) << field;
  for (const std::string line :
       {"GET  / HTTP/1.1", "GET /", "GET / HTTP/1.1 ", " / HTTP/1.1", "GET / / HTTP/1.1", "G(T / HTTP/1.1",
        "GET / HTTP/2.0", "GET / http/1.1", "GET\t/ HTTP/1.1"})
    EXPECT_FALSE(read_plain(line + "\r\nHost: a\r\n\r\n")) << line;
}

TEST(PlainHead, NeverDiffersFromBeastWhereBytesAreChanged) {
  constexpr std::string_view bytes = " :\t\r\n,;0123456789-/?%#@AaHhCcTtXx(\"\x7F\xC3";
  std::mt19937 random(11);  // NOLINT(bugprone-random-generator-seed): the same cases on every run.
  int plain = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto head =
        support::with_bytes_changed(plain_heads()[random() % plain_heads().size()], bytes, random);
    if (read_alike(head)) ++plain;
  }
  EXPECT_GT(plain, 1000) << "too few to say anything";
}

}  // namespace jobqd::http
