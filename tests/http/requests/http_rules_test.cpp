// The request reader on the project's own cases of HTTP, tests/cases/http.json: one for each rule of RFC 9110
// and 9112 about what a request is and where it ends.

#include <fstream>
#include <string>

#include <boost/asio/buffer.hpp>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "http/requests/request_reader.hpp"
#include "support/suites.hpp"

namespace jobqd::http {

namespace {

using Step = RequestReader::Step;

/// The file holds bytes as the code points U+0000 to U+00FF, and {9000} for so many letters.
std::string bytes_of(const std::string& text) {
  std::string bytes;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text.compare(at, 6, "{9000}") == 0) {
      bytes.append(9000, 'a');
      at += 5;
    } else if (const auto lead = static_cast<unsigned char>(text[at]); lead >= 0x80) {
      const auto next = static_cast<unsigned char>(text.at(++at));
      bytes += static_cast<char>(static_cast<unsigned char>((lead << 6U) | (next & 0x3FU)));
    } else {
      bytes += text[at];
    }
  }
  return bytes;
}

std::string outcome(const std::string& bytes, std::size_t piece) {
  RequestReader reader({.header_bytes = 8192, .body_bytes = 1'048'576});
  boost::beast::flat_buffer in;
  auto step = Step::idle;
  for (std::size_t from = 0; from < bytes.size(); from += piece) {
    const auto part = std::string_view(bytes).substr(from, piece);
    in.commit(boost::asio::buffer_copy(in.prepare(part.size()), boost::asio::buffer(part)));
    step = reader.advance(in);
    // Bytes that follow a whole request are read as the next one, which is then wrong too.
    if (step == Step::complete) {
      reader.reset();
      step = reader.advance(in);
      if (step == Step::idle) return "served";
    }
    if (step == Step::refused) return "refused";
  }
  return "waits";
}

}  // namespace

TEST(HttpRules, AreKept) {
  const auto cases = nlohmann::json::parse(std::ifstream(support::case_file("http.json")));
  ASSERT_GT(cases.size(), 100U);
  for (const auto& one : cases) {
    const auto bytes = bytes_of(one["request"]);
    const auto want = one["want"].get<std::string>();
    EXPECT_EQ(outcome(bytes, bytes.size()), want) << one["rule"];
    EXPECT_EQ(outcome(bytes, 1), want) << one["rule"] << ", byte by byte";
  }
}

}  // namespace jobqd::http
