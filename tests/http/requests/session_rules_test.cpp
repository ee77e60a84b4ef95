#include "http/requests/session_rules.hpp"

#include <string>

#include <gtest/gtest.h>

namespace jobqd::http {

namespace {

using domain::ErrorCode;

constexpr std::size_t max_body = 1000;

HeadFacts get(std::string_view target = "/") {
  HeadFacts facts;
  facts.method = "GET";
  facts.target = target;
  facts.host_count = 1;
  facts.host = "example.org:8080";
  return facts;
}

HeadFacts post(std::string_view length) {
  HeadFacts facts = get();
  facts.method = "POST";
  facts.content_length_count = 1;
  facts.content_length = length;
  return facts;
}

HeadFacts encoded(std::string_view transfer_encoding) {
  HeadFacts facts = get();
  facts.method = "POST";
  facts.transfer_encoding_count = 1;
  facts.transfer_encoding = transfer_encoding;
  return facts;
}

std::optional<ErrorCode> refusal(const HeadFacts& facts) {
  const auto checked = check_head(facts, max_body);
  return checked ? std::nullopt : std::optional(checked.error().code);
}

std::optional<ErrorCode> refusal_of_host(std::string_view host) {
  HeadFacts facts = get();
  facts.host = host;
  return refusal(facts);
}

std::optional<ErrorCode> refusal_of_version(std::string_view version) {
  const auto error = check_version("GET / " + std::string(version) + "\r\nHost: HTTP/1.1\r\n\r\n");
  return error ? std::optional(error->code) : std::nullopt;
}

std::string path_of(std::string_view target, std::string_view method = "GET") {
  HeadFacts facts = get(target);
  facts.method = method;
  const auto read = read_target(facts);
  return read ? read->path + (read->query.empty() ? "" : "?" + read->query) : "refused";
}

}  // namespace

TEST(CheckHead, TakesAPlainRequest) {
  EXPECT_EQ(refusal(get()), std::nullopt);
  EXPECT_EQ(refusal(post("0")), std::nullopt);
  EXPECT_EQ(refusal(post("1000")), std::nullopt);
  EXPECT_EQ(refusal(encoded("chunked")), std::nullopt);
  EXPECT_EQ(refusal(encoded("CHUNKED")), std::nullopt);
}

TEST(CheckHead, WantsExactlyOneHost) {
  HeadFacts facts = get();
  facts.host_count = 0;
  EXPECT_EQ(refusal(facts), ErrorCode::malformed_request);
  facts.host_count = 2;
  EXPECT_EQ(refusal(facts), ErrorCode::malformed_request);
}

TEST(CheckHead, LetsHttp10GoWithoutAHost) {
  HeadFacts facts = get();
  facts.http_1_0 = true;
  facts.host_count = 0;
  EXPECT_EQ(refusal(facts), std::nullopt);
  facts.host_count = 1;
  facts.host = "a b";
  EXPECT_EQ(refusal(facts), ErrorCode::malformed_request);
}

TEST(CheckHead, TakesHostNamesAndAddresses) {
  for (const auto* host :
       {"a", "a.example:80", "127.0.0.1", "127.0.0.1:8080", "[::1]", "[::1]:8080", "a_b-c", "a:"})
    EXPECT_EQ(refusal_of_host(host), std::nullopt) << host;
}

TEST(CheckHead, RefusesWhatIsNoHost) {
  for (const auto* host : {"", " ", "a b", "user@a", "a/path", "a?b", "a#b", "a,b", "a:b", "a:80:80", "[::1",
                           "::1", "[::1]x", "a\\b", "a%zz", ":80", "http://a"})
    EXPECT_EQ(refusal_of_host(host), ErrorCode::malformed_request) << host;
}

TEST(CheckHead, TakesChunkedAndNoOtherTransferEncoding) {
  for (const auto* coding : {"gzip, chunked", "identity, Chunked"})
    EXPECT_EQ(refusal(encoded(coding)), ErrorCode::not_implemented) << coding;
}

TEST(CheckHead, RefusesABodyWhoseEndIsNotKnown) {
  for (const auto* coding : {"gzip", "xchunked", "identity", "", "chunked, gzip", "chunked,", "chunked;q=1",
                             "\"chunked\"", "chunked "})
    EXPECT_EQ(refusal(encoded(coding)), ErrorCode::malformed_request) << coding;
}

TEST(CheckHead, RefusesTransferEncodingTwice) {
  HeadFacts facts = encoded("chunked");
  facts.transfer_encoding_count = 2;
  EXPECT_EQ(refusal(facts), ErrorCode::malformed_request);
}

TEST(CheckHead, RefusesTransferEncodingWithContentLength) {
  HeadFacts facts = encoded("chunked");
  facts.content_length_count = 1;
  facts.content_length = "5";
  EXPECT_EQ(refusal(facts), ErrorCode::malformed_request);
}

TEST(CheckHead, RefusesTransferEncodingOfHttp10) {
  HeadFacts facts = encoded("chunked");
  facts.http_1_0 = true;
  EXPECT_EQ(refusal(facts), ErrorCode::malformed_request);
}

TEST(CheckHead, WantsContentLengthAsAPlainNumber) {
  for (const auto* length : {"", "+5", "-1", "-0", "5 ", "5, 5", "0x5", "0o5", "1_0", "1e2", "5.0", "05",
                             "00", "five", "9999999999999999999", "99999999999999999999"})
    EXPECT_EQ(refusal(post(length)), ErrorCode::malformed_request) << length;
}

TEST(CheckHead, RefusesContentLengthTwice) {
  HeadFacts facts = post("5");
  facts.content_length_count = 2;
  EXPECT_EQ(refusal(facts), ErrorCode::malformed_request);
}

TEST(CheckHead, RefusesABodyOverTheLimitBeforeItIsRead) {
  EXPECT_EQ(refusal(post("1001")), ErrorCode::payload_too_large);
  EXPECT_EQ(refusal(post("999999999999999999")), ErrorCode::payload_too_large);
}

TEST(CheckHead, ImplementsNeitherConnectNorTrace) {
  for (const auto* method : {"CONNECT", "TRACE"}) {
    HeadFacts facts = get("example.org:443");
    facts.method = method;
    EXPECT_EQ(refusal(facts), ErrorCode::not_implemented) << method;
  }
}

TEST(CheckHead, TakesNoContentEncodingButIdentity) {
  HeadFacts facts = post("5");
  facts.content_encoding = "Identity";
  EXPECT_EQ(refusal(facts), std::nullopt);
  facts.content_encoding = "gzip";
  EXPECT_EQ(refusal(facts), ErrorCode::unsupported_encoding);
}

TEST(CheckHead, MeetsNoExpectationBut100Continue) {
  HeadFacts facts = post("5");
  facts.expect = "100-Continue";
  EXPECT_EQ(refusal(facts), std::nullopt);
  facts.expect = "200-ok";
  EXPECT_EQ(refusal(facts), ErrorCode::expectation_failed);
}

TEST(CheckHead, IgnoresAnExpectationOfHttp10) {
  HeadFacts facts = post("5");
  facts.http_1_0 = true;
  facts.expect = "whatever";
  EXPECT_EQ(refusal(facts), std::nullopt);
}

TEST(CheckVersion, TakesTheTwoThatAreSpoken) {
  EXPECT_EQ(refusal_of_version("HTTP/1.1"), std::nullopt);
  EXPECT_EQ(refusal_of_version("HTTP/1.0"), std::nullopt);
}

TEST(CheckVersion, DistinguishesAnotherVersionFromNone) {
  for (const auto* version : {"HTTP/0.9", "HTTP/1.2", "HTTP/2.0", "HTTP/9.9"})
    EXPECT_EQ(refusal_of_version(version), ErrorCode::version_not_supported) << version;
  for (const auto* version :
       {"", "/", "HTTP", "HTTP/", "HTTP/1", "HTTP/1.", "HTTP/01.1", "HTTP/1.10", "http/1.1", "HTTP/1,1",
        "HTTP/ 1.1", "HTTP/1.1 ", "HTTP/1.x", "XTTP/1.1", "GET / HTTP/1.1HTTP/1.1"})
    EXPECT_EQ(refusal_of_version(version), ErrorCode::malformed_request) << version;
  EXPECT_EQ(check_version("GET\r\n\r\n")->code, ErrorCode::malformed_request);
}

TEST(ReadTarget, SplitsPathAndQuery) {
  EXPECT_EQ(path_of("/"), "/");
  EXPECT_EQ(path_of("/v1/jobs?limit=1&cursor=2"), "/v1/jobs?limit=1&cursor=2");
  EXPECT_EQ(path_of("/a%2Fb%00?%3D"), "/a%2Fb%00?%3D") << "nothing is decoded";
  EXPECT_EQ(path_of("//a"), "//a");
}

TEST(ReadTarget, TakesTheAbsoluteFormOfTheHostThatIsAsked) {
  EXPECT_EQ(path_of("http://example.org:8080/a?b"), "/a?b");
  EXPECT_EQ(path_of("http://EXAMPLE.org:8080"), "/");
}

TEST(ReadTarget, RefusesTheAbsoluteFormOfAnother) {
  for (const auto* target :
       {"http://other.org/", "http://example.org/", "https://example.org:8080/",
        "http://user@example.org:8080/", "http:///", "ftp://example.org:8080/", "http:example.org:8080"})
    EXPECT_EQ(path_of(target), "refused") << target;
}

TEST(ReadTarget, KnowsTheAsteriskOfOptionsOnly) {
  EXPECT_EQ(path_of("*", "OPTIONS"), "*");
  EXPECT_EQ(path_of("*", "GET"), "refused");
}

TEST(ReadTarget, RefusesWhatIsNoPath) {
  for (const auto* target : {"", "a", "example.org:443", "/a b", "/a#b", "/a\\b", "/%", "/%zz", "/%4", "/\"",
                             "/<", "/a^", "/?%zz", "/caf\xC3\xA9", "?a", "../a"})
    EXPECT_EQ(path_of(target), "refused") << target;
}

TEST(BareLineFeed, IsOneWithoutACarriageReturnBefore) {
  for (const auto* text : {"\n", "a\n", "a\r\n\n", "\r\n\r\na\nb", "\r \n"})
    EXPECT_TRUE(has_bare_line_feed(text)) << text;
  for (const auto* text : {"", "a", "\r", "\r\n", "a\r\n\r\n", "\r\r\n"})
    EXPECT_FALSE(has_bare_line_feed(text)) << text;
}

TEST(ChunkExtensions, AreTakenAsTheyAreWrittenInTheRfc) {
  for (const auto* extensions :
       {"", ";a", ";a=b", ";a=\"b c;d\"", ";a=\"\\\"\"", ";a;b=c;d=\"\"", ";!#$=~|", ";a=\"\t\\\t\xC3\xA9\""})
    EXPECT_TRUE(valid_chunk_extensions(extensions)) << extensions;
}

TEST(ChunkExtensions, AreRefusedOtherwise) {
  for (const auto* extensions : {"a", ";", ";;", ";a=", ";=b", ";a[=x", ";a=b c", " ;a", ";a=\"b",
                                 ";a=\"b\"c", ";a=\"\\", ";a=\"b\\\"", ";a\xC3\xA9"})
    EXPECT_FALSE(valid_chunk_extensions(extensions)) << extensions;
  // RFC 9110 section 5.6.4: no control character is part of a quoted string, not even behind a backslash.
  for (const auto* extensions : {";a=\"\n\"", ";a=\"\\\n\"", ";a=\"\r\"", ";a=\"\x01\"", ";a=\"\x7F\""})
    EXPECT_FALSE(valid_chunk_extensions(extensions)) << extensions;
  EXPECT_FALSE(valid_chunk_extensions(std::string_view(";\0a", 3)));
}

}  // namespace jobqd::http
