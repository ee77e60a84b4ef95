#include "http/bodies/plain_body.hpp"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "http/bodies/body_readings.hpp"
#include "http/bodies/rfc8259.hpp"
#include "support/changed_bytes.hpp"
#include "support/suites.hpp"

namespace jobqd::http {

namespace {

/// Whether the body was plain; then the library must read the same.
bool read_alike(const std::string& body) {
  const auto readings = read_body_twice(body);
  if (!readings) return false;
  EXPECT_EQ(readings->plain, readings->library) << body;
  return true;
}

const std::vector<std::string>& plain_bodies() {
  static const std::vector<std::string> bodies{
      R"({"id":"a1","payload":"p","max_retries":3})",
      "\r\n { \"payload\" :\t\"\" , \"priority\" : -0 }\n ",
      R"({"payload":{"to":"a@b.c","n":[1,-2.50,0,true,false,null,{}, [ ] ],"x":{"y":{"z":"~"}} } })",
      R"({"payload": [ ] ,"queue":"default","timeout":"30s"})",
      R"({"payload":-0.0,"delay":"1h30m"})",
      R"({"payload":123456789012345678,"delay":90,"priority":-100})",
      R"({"run_at":"2030-01-31T08:00:00+01:00"})",
      R"([{"id":"a"},{"id":"b","payload":null} , {"id":"c","payload":true}])",
  };
  return bodies;
}

}  // namespace

TEST(PlainBody, IsReadAsTheLibraryReadsIt) {
  for (const auto& body : plain_bodies()) EXPECT_TRUE(read_alike(body)) << body;
}

TEST(PlainBody, LeavesToTheLibraryWhatIsOutOfTheOrdinary) {
  for (const std::string body :
       {R"({"payload":"\n"})", "{\"payload\":\"\xC3\xA4\"}", R"({"payload":1e3})", R"({"payload":1.5E-1})",
        R"({"max_retries":1.0})", R"({"payload":1234567890123456789})", "{}", "[]", "", " ", "7", "\"a\"",
        R"({"payload":[[[[[[[[[]]]]]]]]]})"})
    EXPECT_FALSE(read_plain_body(body)) << body;
}

TEST(PlainBody, LeavesToTheLibraryWhatIsWrong) {
  using namespace std::string_literals;
  const std::vector<std::string> bodies{R"({"payload":01})",
                                        R"({"payload":1.})",
                                        R"({"payload":-})",
                                        R"({"payload":+1})",
                                        R"({"payload":.5})",
                                        R"({"payload":tru})",
                                        R"({"payload":truee})",
                                        R"({"payload":1 2})",
                                        R"({"payload":[1,]})",
                                        R"({"payload":[,1]})",
                                        R"({"payload":{"a":1,}})",
                                        R"({"payload":{"a"}})",
                                        R"({"payload":{1:1}})",
                                        R"({"payload":[1})",
                                        R"({"payload":{"a":1]})",
                                        R"({"payload":"a)",
                                        R"({"payload":)",
                                        R"({"payload")",
                                        R"({"payload":1,})",
                                        R"({,"payload":1})",
                                        R"({"payload":1}})",
                                        R"({"payload":1} x)",
                                        R"([{"id":"a"},])",
                                        R"([{"id":"a"} {"id":"b"}])",
                                        R"([{"id":"a"}])"
                                        "]",
                                        R"({"id":"a","id":"b"})",
                                        R"({"max_retry":1})",
                                        R"({"max_retries":-1})",
                                        R"({"max_retries":"3"})",
                                        R"({"id":""})",
                                        R"({"id":7})",
                                        R"({"queue":null})",
                                        R"({"delay":1,"run_at":"2030-01-31T08:00:00Z"})",
                                        "{\"payload\":\"a\tb\"}",
                                        "{\"payload\":\"a\x7F\"}",
                                        "{\"payload\":1}\0"s,
                                        "{\"payload\":\"\0\"}"s};
  for (const auto& body : bodies) EXPECT_FALSE(read_plain_body(body)) << body;
}

TEST(PlainBody, NeverDiffersFromTheLibraryWhereBytesAreChanged) {
  constexpr std::string_view bytes = "{}[]\":,.-+0123456789eEtfnul \n\\x\x01\x7F\xC3";
  std::mt19937 random(7);  // NOLINT(bugprone-random-generator-seed): the same cases on every run.
  int plain = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto body =
        support::with_bytes_changed(plain_bodies()[random() % plain_bodies().size()], bytes, random);
    if (read_alike(body)) ++plain;
  }
  EXPECT_GT(plain, 500) << "too few to say anything";
}

TEST(PlainBody, AgreesWithTheLibraryAboutTheRulesOfJson) {
  int plain = 0;
  for (const auto& one : json_cases())
    if (read_alike(R"({"payload":)" + one.text + "}")) ++plain;
  EXPECT_GT(plain, 10) << "too few to say anything";
}

TEST(PlainBody, AgreesWithTheLibraryAboutJsonTestSuite) {
  constexpr auto file = "JSONTestSuite-test_parsing.tar.gz";
  JOBQD_SKIP_WITHOUT_SUITE(file);
  int plain = 0;
  for (const auto& [name, text] : support::untarred(support::suite_file(file)))
    if (read_alike(R"({"payload":)" + text + "}")) ++plain;
  EXPECT_GT(plain, 20) << "too few to say anything";
}

}  // namespace jobqd::http
