#include "http/requests/request_reader.hpp"

#include <string>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace jobqd::http {

namespace {

using domain::ErrorCode;
using Step = RequestReader::Step;
using testing::ElementsAre;

constexpr RequestReader::Limits limits{.header_bytes = 512, .body_bytes = 1000};

/// The result of reading a connection's bytes.
struct Reading {
  std::vector<std::string> requests = {};  ///< `METHOD /path body`
  std::optional<ErrorCode> refused = {};
  int asked_for_100 = 0;
  Step last = Step::idle;
  bool operator==(const Reading&) const = default;
};

std::string described(const Request& request) {
  return fmt::format("{} {} {}", request.method, request.path, request.body);
}

/// The bytes arrive in pieces that end at these places.
Reading read(std::string_view bytes, const std::vector<std::size_t>& ends) {
  RequestReader reader(limits);
  boost::beast::flat_buffer in;
  Reading reading;
  std::size_t from = 0;
  for (const auto end : ends) {
    const auto piece = bytes.substr(from, end - from);
    in.commit(boost::asio::buffer_copy(in.prepare(piece.size()), boost::asio::buffer(piece)));
    from = end;
    while ((reading.last = reader.advance(in)) == Step::complete) {
      reading.requests.push_back(described(reader.take()));
      reader.reset();
    }
    if (reading.last == Step::wants_100) {
      ++reading.asked_for_100;
      reading.last = Step::in_body;
    }
    if (reading.last != Step::refused) {
      EXPECT_EQ(reader.advance(in), reading.last) << "a second look at the same bytes changes nothing";
      continue;
    }
    reading.refused = reader.error().code;
    break;
  }
  return reading;
}

Reading read(std::string_view bytes) {
  return read(bytes, {bytes.size()});
}

Reading read_byte_by_byte(std::string_view bytes) {
  std::vector<std::size_t> ends;
  for (std::size_t i = 1; i <= bytes.size(); ++i) ends.push_back(i);
  return read(bytes, ends);
}

std::optional<ErrorCode> refusal(std::string_view bytes) {
  const auto at_once = read(bytes).refused;
  EXPECT_EQ(read_byte_by_byte(bytes).refused, at_once) << bytes;
  return at_once;
}

/// Gives one whole request to `look`.
template <class Look>
void with_request(std::string_view bytes, Look look) {
  RequestReader reader(limits);
  boost::beast::flat_buffer in;
  in.commit(boost::asio::buffer_copy(in.prepare(bytes.size()), boost::asio::buffer(bytes)));
  ASSERT_EQ(reader.advance(in), Step::complete) << bytes;
  const bool keep_alive = reader.keep_alive();
  look(reader.take(), keep_alive);
}

std::string chunked(std::string_view body, std::string_view more_fields = "") {
  return fmt::format("POST /a HTTP/1.1\r\nHost: h\r\n{}Transfer-Encoding: chunked\r\n\r\n{}", more_fields,
                     body);
}

std::string post(std::string_view body, std::string_view more_fields = "") {
  return fmt::format("POST /a HTTP/1.1\r\nHost: h\r\n{}Content-Length: {}\r\n\r\n{}", more_fields,
                     body.size(), body);
}

const std::string get = "GET /b HTTP/1.1\r\nHost: h\r\n\r\n";

}  // namespace

TEST(RequestReader, ReadsOneRequest) {
  EXPECT_THAT(read(get).requests, ElementsAre("GET /b "));
  EXPECT_THAT(read(post("hello")).requests, ElementsAre("POST /a hello"));
  EXPECT_THAT(read(chunked("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")).requests,
              ElementsAre("POST /a hello world"));
}

TEST(RequestReader, ReadsARequestWithoutABody) {
  EXPECT_THAT(read(post("")).requests, ElementsAre("POST /a "));
  EXPECT_THAT(read(chunked("0\r\n\r\n")).requests, ElementsAre("POST /a "));
  EXPECT_THAT(read("POST /a HTTP/1.1\r\nHost: h\r\n\r\n").requests, ElementsAre("POST /a "));
}

TEST(RequestReader, ReadsPipelinedRequestsOneByOne) {
  const auto all = get + post("x") + chunked("1\r\ny\r\n0\r\n\r\n") + get;
  EXPECT_THAT(read(all).requests, ElementsAre("GET /b ", "POST /a x", "POST /a y", "GET /b "));
}

TEST(RequestReader, ReadsTheSameInEverySplit) {
  const auto all =
      get + post("hello") + chunked("3;a=\"b\"\r\nhel\r\n2\r\nlo\r\n0\r\nTrailer: t\r\n\r\n") + get;
  const Reading whole = read(all);
  EXPECT_EQ(whole.requests.size(), 4U);
  EXPECT_EQ(whole.last, Step::idle);
  for (std::size_t i = 0; i <= all.size(); ++i) EXPECT_EQ(read(all, {i, all.size()}), whole) << i;
  EXPECT_EQ(read_byte_by_byte(all), whole);
}

TEST(RequestReader, ReportsWhatIsMissing) {
  EXPECT_EQ(read("").last, Step::idle);
  EXPECT_EQ(read("G").last, Step::in_head);
  EXPECT_EQ(read("GET /b HTTP/1.1\r\nHost: h\r\n\r").last, Step::in_head);
  EXPECT_EQ(read("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n").last, Step::in_body);
  EXPECT_EQ(read(chunked("5\r\nhello\r\n0\r\n")).last, Step::in_body);
}

TEST(RequestReader, IgnoresEmptyLinesBeforeARequest) {
  EXPECT_THAT(read("\r\n\r\n" + get + "\r\n" + get).requests, ElementsAre("GET /b ", "GET /b "));
  EXPECT_THAT(read_byte_by_byte("\r\n\r\n" + get).requests, ElementsAre("GET /b "));
  EXPECT_EQ(read("\r\n").last, Step::idle);
  EXPECT_EQ(refusal("\n" + get), ErrorCode::malformed_request);
  EXPECT_EQ(refusal("\r" + get), ErrorCode::malformed_request);
}

TEST(RequestReader, AsksOnceForABodyThatIsHeldBack) {
  const auto request = post("hello", "Expect: 100-continue\r\n");
  const auto head = request.size() - 5;
  EXPECT_EQ(read(request, {head, head + 2, request.size()}).asked_for_100, 1);
  EXPECT_THAT(read(request, {head, head + 2, request.size()}).requests, ElementsAre("POST /a hello"));
}

TEST(RequestReader, DoesNotAskForABodyThatIsThere) {
  EXPECT_EQ(read(post("hello", "Expect: 100-continue\r\n")).asked_for_100, 0);
  EXPECT_EQ(read(post("", "Expect: 100-continue\r\n")).asked_for_100, 0);
}

TEST(RequestReader, AsksForEachPipelinedBody) {
  const auto request = chunked("1\r\nx\r\n0\r\n\r\n", "Expect: 100-continue\r\n");
  const auto head = request.size() - 11;
  const auto twice = request + request;
  EXPECT_EQ(read(twice, {head, request.size() + head, twice.size()}).asked_for_100, 2);
}

TEST(RequestReader, AsksNothingOfHttp10) {
  const std::string head = "POST /a HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
  EXPECT_EQ(read(head).asked_for_100, 0);
  EXPECT_THAT(read(head + "hello").requests, ElementsAre("POST /a hello"));
}

TEST(RequestReader, RefusesABodyOverTheLimit) {
  EXPECT_THAT(read(post(std::string(1000, 'x'))).requests.size(), 1);
  EXPECT_EQ(refusal(post(std::string(1001, 'x'))), ErrorCode::payload_too_large);
  const std::string chunk = "1F4\r\n" + std::string(500, 'x') + "\r\n";
  EXPECT_EQ(refusal(chunked(chunk + chunk + "0\r\n\r\n")), std::nullopt);
  EXPECT_EQ(refusal(chunked(chunk + chunk + "1\r\nx\r\n0\r\n\r\n")), ErrorCode::payload_too_large);
  EXPECT_EQ(refusal(chunked("FFFFFFFF\r\n")), ErrorCode::payload_too_large);
}

TEST(RequestReader, RefusesAHeadOverTheLimit) {
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost: h\r\nf: " + std::string(512, 'v') + "\r\n\r\n"),
            ErrorCode::header_too_large);
}

TEST(RequestReader, RefusesEndlessChunkExtensions) {
  EXPECT_EQ(refusal(chunked("5;a=" + std::string(600, 'x') + "\r\nhello\r\n0\r\n\r\n")),
            ErrorCode::header_too_large);
  EXPECT_EQ(refusal(chunked("5;a=" + std::string(5000, 'x'))), ErrorCode::header_too_large);
}

TEST(RequestReader, RefusesChunkExtensionsThatAreTooMuchTogether) {
  std::string body;
  for (int i = 0; i < 10; ++i) body += "1;a=" + std::string(47, 'x') + "\r\nx\r\n";
  EXPECT_EQ(refusal(chunked(body + "0\r\n\r\n")), std::nullopt);
  EXPECT_EQ(refusal(chunked(body + "1;a=123456789\r\nx\r\n0\r\n\r\n")), std::nullopt)
      << "512 bytes, the limit";
  EXPECT_EQ(refusal(chunked(body + "1;a=1234567890\r\nx\r\n0\r\n\r\n")), ErrorCode::header_too_large);
}

TEST(RequestReader, RefusesEndlessTrailers) {
  EXPECT_EQ(read_byte_by_byte(chunked("0\r\n" + std::string(600, 'x'))).refused, ErrorCode::header_too_large);
}

TEST(RequestReader, MayLookAtAnUnfinishedLastChunkAgain) {
  for (const std::string_view last :
       {"0", "0\r", "0\r\n", "0\r\n\r", "00\r\n", "0;a\r\n", "0;a=b\r\n", "0\r\nX"}) {
    for (const std::string_view data : {"", "1\r\nx\r\n"}) {
      const auto request = chunked(fmt::format("{}{}", data, last), "Expect: 100-continue\r\n");
      EXPECT_EQ(read(request).last, Step::in_body) << last;
      EXPECT_EQ(read_byte_by_byte(request).last, Step::in_body) << last;
    }
  }
  EXPECT_THAT(read_byte_by_byte(chunked("2\r\nxy\r\n00\r\n\r\n")).requests, ElementsAre("POST /a xy"));
}

TEST(RequestReader, TakesDataThatLooksLikeAChunkHeader) {
  for (const std::string_view data : {"0\n", "0\r\n", "0\nab", "00\r\n\r\n", "0"}) {
    const auto request = chunked(fmt::format("{:x}\r\n{}\r\n0\r\n\r\n", data.size(), data));
    EXPECT_THAT(read_byte_by_byte(request).requests, ElementsAre(fmt::format("POST /a {}", data)));
  }
}

TEST(RequestReader, RefusesMalformedChunks) {
  for (const auto* body : {"+5\r\nhello\r\n0\r\n\r\n",
                           "0x5\r\nhello\r\n0\r\n\r\n",
                           "-1\r\n",
                           " 5\r\nhello\r\n",
                           "5 \r\nhello\r\n",
                           "1_0\r\n",
                           "5;\r\nhello\r\n0\r\n\r\n",
                           "5;a[=x\r\nhello\r\n0\r\n\r\n",
                           "5\rhello\r\n0\r\n\r\n",
                           "5;a\rX\r\nhello\r\n0\r\n\r\n",
                           "5;a=\"\n\"\r\nhello\r\n0\r\n\r\n",
                           "5\r\nhello!!\r\n0\r\n\r\n",
                           "5\r\nhello0\r\n\r\n",
                           "5\r\nhello\n0\r\n\r\n",
                           "FFFFFFFFFFFFFFFF0\r\n",
                           "\r\n",
                           "g\r\n",
                           "0\r\nX y: z\r\n\r\n",
                           "0\r\n: z\r\n\r\n",
                           "0\r\n\n",
                           "0\r\nX: y\n",
                           "5\n",
                           "5\r\nhello\r\n0\n\n"})
    EXPECT_EQ(refusal(chunked(body)), ErrorCode::malformed_request) << body;
}

TEST(RequestReader, RefusesMalformedHeads) {
  for (const auto* head :
       {"GET  / HTTP/1.1\r\nHost: h\r\n\r\n", "GET / HTTP/1.1 \r\nHost: h\r\n\r\n", "GET /\r\n\r\n",
        "GET / http/1.1\r\nHost: h\r\n\r\n", "GET / HTTP/1\r\nHost: h\r\n\r\n",
        "GET / HTTP/01.1\r\nHost: h\r\n\r\n", "GET / HTTP/1.1\r\nHost : h\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\n: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nb[: x\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"})
    EXPECT_EQ(refusal(head), ErrorCode::malformed_request) << head;
}

TEST(RequestReader, KnowsTheVersionsItSpeaks) {
  EXPECT_THAT(read("GET /b HTTP/1.0\r\n\r\n").requests, ElementsAre("GET /b "));
  for (const auto* version : {"HTTP/2.0", "HTTP/9.9", "HTTP/0.9"})
    EXPECT_EQ(refusal(fmt::format("GET / {}\r\nHost: h\r\n\r\n", version)), ErrorCode::version_not_supported)
        << version;
}

TEST(RequestReader, StaysRefused) {
  EXPECT_EQ(read("\x16\x03\x01" + get + get),
            (Reading{.refused = ErrorCode::malformed_request, .last = Step::refused}));
}

TEST(RequestReader, KnowsWhetherTheConnectionStays) {
  const auto keeps = [](std::string_view version, std::string_view field) {
    bool result = false;
    with_request(fmt::format("GET / {}\r\nHost: h\r\n{}\r\n", version, field),
                 [&](const Request&, bool keep_alive) { result = keep_alive; });
    return result;
  };
  EXPECT_TRUE(keeps("HTTP/1.1", ""));
  EXPECT_FALSE(keeps("HTTP/1.1", "Connection: close\r\n"));
  EXPECT_FALSE(keeps("HTTP/1.1", "Connection: foo, Close\r\n"));
  EXPECT_FALSE(keeps("HTTP/1.0", ""));
  EXPECT_TRUE(keeps("HTTP/1.0", "Connection: Keep-Alive\r\n"));
}

TEST(RequestReader, DecodesTheQuery) {
  with_request("GET /p%20q?a=1&b=%26%3D&c&=d&a=2 HTTP/1.1\r\nHost: h\r\n\r\n",
               [](const Request& request, bool) {
                 EXPECT_EQ(request.path, "/p%20q") << "the path is decoded by the router";
                 const std::vector<std::pair<std::string, std::string>> query{
                     {"a", "1"}, {"b", "&="}, {"c", ""}, {"", "d"}, {"a", "2"}};
                 EXPECT_EQ(request.query, query);
               });
}

TEST(RequestReader, GivesFieldsByNameInAnyCase) {
  with_request("GET / HTTP/1.1\r\nHost: h\r\nX-One:   1 \r\n\r\n", [](const Request& request, bool) {
    EXPECT_EQ(request.header("x-ONE"), "1");
    EXPECT_EQ(request.header("x-two"), "");
  });
}

TEST(RequestReader, TakesNoFieldOfATrailerForOneOfTheHead) {
  const auto request =
      chunked("0\r\nOrigin: http://evil\r\nX-One: evil\r\nHost: evil\r\n\r\n", "X-One: good\r\n");
  with_request(request, [](const Request& seen, bool) {
    EXPECT_EQ(seen.header("Origin"), "");
    EXPECT_EQ(seen.header("X-One"), "good");
    EXPECT_EQ(seen.header("Host"), "h");
  });
}

TEST(RequestReader, ForgetsTheHeadOfTheRequestBefore) {
  RequestReader reader(limits);
  boost::beast::flat_buffer in;
  const auto both = chunked("0\r\n\r\n", "X-One: 1\r\n") + get;
  in.commit(boost::asio::buffer_copy(in.prepare(both.size()), boost::asio::buffer(both)));
  ASSERT_EQ(reader.advance(in), Step::complete);
  EXPECT_EQ(reader.take().header("X-One"), "1");
  reader.reset();
  ASSERT_EQ(reader.advance(in), Step::complete);
  EXPECT_EQ(reader.take().header("X-One"), "");
}

TEST(RequestReader, KnowsAHeadRequestEvenWhereItIsRefused) {
  for (const auto* fields : {"Host: h\r\n", ""}) {
    RequestReader reader(limits);
    boost::beast::flat_buffer in;
    const auto request = fmt::format("HEAD / HTTP/1.1\r\n{}\r\n", fields);
    in.commit(boost::asio::buffer_copy(in.prepare(request.size()), boost::asio::buffer(request)));
    EXPECT_NE(reader.advance(in), Step::in_head);
    EXPECT_TRUE(reader.is_head()) << request;
  }
}

}  // namespace jobqd::http
