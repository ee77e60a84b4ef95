#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "http/requests/session_rules.hpp"

namespace jobqd::http {

namespace {

using domain::ErrorCode;

constexpr std::size_t limit = 8192;
const std::string plain_head = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";

/// The result of scanning a head.
struct Verdict {
  std::optional<ErrorCode> refused;
  std::size_t size = 0;
  bool operator==(const Verdict&) const = default;
};

/// The head arrives in pieces that end at these places.
Verdict scan(std::string_view head, const std::vector<std::size_t>& ends) {
  HeadScanner scanner(limit);
  for (const auto end : ends)
    if (const auto error = scanner.scan(head.substr(0, end))) return {.refused = error->code};
  return {.refused = {}, .size = scanner.size()};
}

Verdict scan(std::string_view head) {
  return scan(head, {head.size()});
}

Verdict scan_byte_by_byte(std::string_view head) {
  std::vector<std::size_t> ends;
  for (std::size_t i = 1; i <= head.size(); ++i) ends.push_back(i);
  return scan(head, ends);
}

std::string with_fields(int count, std::size_t value_size = 1) {
  std::string head = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < count; ++i) head += fmt::format("f{}: {}\r\n", i, std::string(value_size, 'v'));
  return head + "\r\n";
}

/// A head of exactly this many bytes.
std::string of_size(std::size_t bytes) {
  std::string head = "GET / HTTP/1.1\r\nf: \r\n\r\n";
  head.insert(head.size() - 4, bytes - head.size(), 'v');
  return head;
}

const std::vector<std::string>& bad_heads() {
  static const std::vector<std::string> heads{
      "GET / HTTP/1.1\nHost: a\r\n\r\n",           // bare LF
      "GET / HTTP/1.1\r\nHost: a\n\r\n",           //
      "GET / HTTP/1.1\r\nHost: a\r\n\n",           //
      "GET / HTTP/1.1\rHost: a\r\n\r\n",           // bare CR
      "GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n",      //
      "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n",       //
      "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",   // folded
      "GET / HTTP/1.1\r\nHost: a\r\n\tb\r\n\r\n",  //
      "GET / HTTP/1.1\r\n \r\nHost: a\r\n\r\n",    //
      "GET / HTTP/1.1\r\nHost: a\x01\r\n\r\n",     // control characters
      "GET / HTTP/1.1\r\nHost: a\x7F\r\n\r\n",     //
      "GET /\x1B HTTP/1.1\r\nHost: a\r\n\r\n",     //
      "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n",        // a tab in the request line
      "GET /caf\xC3\xA9 HTTP/1.1\r\n\r\n",         // not ASCII
      " GET / HTTP/1.1\r\n\r\n",                   // no method
      "\n",                                        //
      "\x16\x03\x01\x02",                          // a TLS hello
      std::string("\0", 1),                        //
  };
  return heads;
}

}  // namespace

TEST(HeadScanner, FindsTheEndOfTheHead) {
  EXPECT_EQ(scan(plain_head), (Verdict{.refused = {}, .size = plain_head.size()}));
  EXPECT_EQ(scan("GET / HTTP/1.1\r\n\r\n").size, 18U);
}

TEST(HeadScanner, LeavesWhatFollowsTheHeadAlone) {
  EXPECT_EQ(scan(plain_head + "\n\r\x01 body"), (Verdict{.refused = {}, .size = plain_head.size()}));
}

TEST(HeadScanner, KnowsNoSizeUntilTheHeadIsComplete) {
  for (std::size_t i = 0; i < plain_head.size(); ++i)
    EXPECT_EQ(scan(plain_head.substr(0, i)), Verdict{}) << "after " << i << " bytes";
}

TEST(HeadScanner, TakesAHeadByteByByte) {
  EXPECT_EQ(scan_byte_by_byte(plain_head), (Verdict{.refused = {}, .size = plain_head.size()}));
}

TEST(HeadScanner, TakesAHeadInEverySplit) {
  for (std::size_t i = 0; i <= plain_head.size(); ++i)
    for (std::size_t j = i; j <= plain_head.size(); ++j)
      EXPECT_EQ(scan(plain_head, {i, j, plain_head.size()}), scan(plain_head)) << i << ' ' << j;
}

TEST(HeadScanner, RefusesWhatCanNeverBecomeAHead) {
  for (const auto& head : bad_heads()) EXPECT_EQ(scan(head).refused, ErrorCode::malformed_request) << head;
}

TEST(HeadScanner, RefusesTheSameInEverySplit) {
  for (const auto& head : bad_heads())
    for (std::size_t i = 0; i <= head.size(); ++i)
      EXPECT_EQ(scan(head, {i, head.size()}).refused, ErrorCode::malformed_request) << head << ' ' << i;
}

TEST(HeadScanner, RefusesAtTheFirstByteThatIsWrong) {
  for (const auto& head : bad_heads()) {
    HeadScanner scanner(limit);
    std::size_t refused_after = 0;
    for (std::size_t i = 1; i <= head.size() && refused_after == 0; ++i)
      if (scanner.scan(std::string_view(head).substr(0, i))) refused_after = i;
    ASSERT_GT(refused_after, 0U) << head;
    EXPECT_EQ(scan(head.substr(0, refused_after - 1)).refused, std::nullopt) << head;
  }
}

TEST(HeadScanner, WantsAVersionInTheFirstLine) {
  for (const auto* line : {"SSH-2.0-OpenSSH_9.2\r\n", "EHLO example.org\r\n", "GET /\r\n", "GET / HTTP/1\r\n",
                           "GET / HTTP/1.1 \r\n"})
    EXPECT_EQ(scan_byte_by_byte(line).refused, ErrorCode::malformed_request) << line;
  EXPECT_EQ(scan_byte_by_byte("PRI * HTTP/2.0\r\n").refused, ErrorCode::version_not_supported);
}

TEST(HeadScanner, TakesBytesAboveAsciiInFieldValuesOnly) {
  EXPECT_EQ(scan("GET / HTTP/1.1\r\nx: \xC3\xA9\t\xFF\r\n\r\n").refused, std::nullopt);
  EXPECT_EQ(scan("GET /\xFF HTTP/1.1\r\n\r\n").refused, ErrorCode::malformed_request);
}

TEST(HeadScanner, EveryTokenCharacterMayStartAMethodAndNoOther) {
  static constexpr std::string_view token =
      "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  for (int byte = 0; byte < 256; ++byte) {
    const std::string head(1, static_cast<char>(byte));
    EXPECT_EQ(scan(head).refused.has_value(), !token.contains(head)) << byte;
  }
}

TEST(HeadScanner, TakesAHeadOfExactlyTheLimit) {
  EXPECT_EQ(scan(of_size(limit)), (Verdict{.refused = {}, .size = limit}));
  EXPECT_EQ(scan_byte_by_byte(of_size(limit)), (Verdict{.refused = {}, .size = limit}));
  EXPECT_EQ(scan(of_size(limit) + "and a long body" + std::string(limit, 'b')).size, limit);
}

TEST(HeadScanner, RefusesAHeadOverTheLimit) {
  EXPECT_EQ(scan(of_size(limit + 1)).refused, ErrorCode::header_too_large);
  EXPECT_EQ(scan_byte_by_byte(of_size(limit + 1)).refused, ErrorCode::header_too_large);
}

TEST(HeadScanner, DoesNotWaitForTheEndOfAHeadOverTheLimit) {
  const std::string endless = "GET / HTTP/1.1\r\nf: " + std::string(limit, 'v');
  EXPECT_EQ(scan(endless).refused, ErrorCode::header_too_large);
  EXPECT_EQ(scan(std::string(limit + 1, 'A')).refused, ErrorCode::header_too_large);
}

TEST(HeadScanner, TakesAHundredFieldsAndNoMore) {
  EXPECT_EQ(scan(with_fields(100)).refused, std::nullopt);
  EXPECT_EQ(scan(with_fields(101)).refused, ErrorCode::header_too_large);
  EXPECT_EQ(scan_byte_by_byte(with_fields(101)).refused, ErrorCode::header_too_large);
}

}  // namespace jobqd::http
