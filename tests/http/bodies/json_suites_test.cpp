// POST /enqueue on the project's own cases of JSON and of awkward strings, and on the public suites
// JSONTestSuite and the big list of naughty strings if they are present.

#include <algorithm>
#include <fstream>
#include <iostream>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "http/bodies/enqueue_parser.hpp"
#include "http/bodies/rfc8259.hpp"
#include "http/calls/api_fixture.hpp"
#include "support/suites.hpp"

namespace jobqd::http {

namespace {

using domain::ErrorCode;

constexpr auto parsing_cases = "JSONTestSuite-test_parsing.tar.gz";
constexpr auto naughty_strings = "blns.json.gz";

class JsonTestSuite : public testing::Test {
 protected:
  void SetUp() override {
    JOBQD_SKIP_WITHOUT_SUITE(parsing_cases);
    cases_ = support::untarred(support::suite_file(parsing_cases));
  }

  /// Gives name and text of each case of a kind: y has to be accepted, n refused, i is left open.
  template <class Try>
  void each(char kind, std::size_t expected_count, Try attempt) {
    std::size_t count = 0;
    for (const auto& [name, text] : cases_) {
      if (!name.starts_with(kind) || !name.ends_with(".json")) continue;
      SCOPED_TRACE(name);
      attempt(text);
      ++count;
    }
    EXPECT_EQ(count, expected_count);
  }

 private:
  std::map<std::string, std::string> cases_;
};

/// Every code a parser may answer with; anything else, or a throw, would be a 5xx.
bool is_client_error(const domain::Error& error) {
  return error.code == ErrorCode::malformed_json || error.code == ErrorCode::invalid_field;
}

std::string as_payload(const std::string& text) {
  return R"({"payload":)" + text + "}";
}

std::string trimmed(std::string_view text) {
  constexpr std::string_view spaces = " \t\r\n";
  const auto from = std::min(text.find_first_not_of(spaces), text.size());
  const auto to = text.find_last_not_of(spaces);
  return std::string(text.substr(from, to - from + 1));
}

class NaughtyStrings : public ApiTest {
 protected:
  void SetUp() override {
    for (const auto& own : nlohmann::json::parse(std::ifstream(support::case_file("strings.json"))))
      strings_.push_back(own["text"].get<std::string>());
    ASSERT_GT(strings_.size(), 60U);
    const auto suite = support::suite_file(naughty_strings);
    if (!std::filesystem::exists(suite)) {
      std::cout << "the project's own strings only: there is no " << suite << "\n";
      return;
    }
    const auto own = strings_.size();
    for (const auto& text : nlohmann::json::parse(support::unzipped(suite)))
      strings_.push_back(text.get<std::string>());
    ASSERT_EQ(strings_.size() - own, 515U);
  }

  std::vector<std::string> strings_;
};

/// Whether a text holds a control character: below U+0020, U+007F to U+009F.
bool has_control(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7F) return true;
    if (byte == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0) return true;
  }
  return false;
}

}  // namespace

TEST(JsonRules, AreKeptByPayloads) {
  for (const auto& rule : json_cases()) {
    SCOPED_TRACE(rule.rule);
    const auto body = parse_enqueue(as_payload(rule.text));
    EXPECT_TRUE(body || is_client_error(body.error()));
    if (rule.want == JsonWant::json) {
      ASSERT_TRUE(body.has_value()) << body.error().detail;
      EXPECT_EQ(body->jobs.at(0).payload, trimmed(rule.text));
    }
    if (rule.want == JsonWant::not_json) {
      EXPECT_FALSE(body.has_value()) << rule.text;
    }
  }
}

TEST(JsonRules, AreKeptByBodies) {
  for (const auto& rule : json_cases()) {
    SCOPED_TRACE(rule.rule);
    const auto body = parse_enqueue(rule.text);
    EXPECT_TRUE(body || is_client_error(body.error()));
    if (rule.want == JsonWant::json) {
      EXPECT_TRUE(body || body.error().code == ErrorCode::invalid_field) << body.error().detail;
    }
    if (rule.want == JsonWant::not_json) {
      EXPECT_FALSE(body.has_value()) << rule.text;
    }
  }
}

TEST_F(JsonTestSuite, AcceptsWhatIsJsonAsAPayloadByteForByte) {
  each('y', 95, [](const std::string& text) {
    const auto body = parse_enqueue(as_payload(text));
    ASSERT_TRUE(body.has_value()) << body.error().detail;
    EXPECT_EQ(body->jobs.at(0).payload, trimmed(text));
  });
}

TEST_F(JsonTestSuite, RefusesWhatIsNotJsonAsAPayload) {
  each('n', 188, [](const std::string& text) {
    const auto body = parse_enqueue(as_payload(text));
    ASSERT_FALSE(body.has_value()) << text;
    EXPECT_TRUE(is_client_error(body.error()));
  });
}

TEST_F(JsonTestSuite, NeverCallsWhatIsJsonMalformedAsABody) {
  each('y', 95, [](const std::string& text) {
    const auto body = parse_enqueue(text);
    EXPECT_TRUE(body || body.error().code == ErrorCode::invalid_field) << body.error().detail;
  });
}

TEST_F(JsonTestSuite, RefusesWhatIsNotJsonAsABody) {
  each('n', 188, [](const std::string& text) {
    const auto body = parse_enqueue(text);
    ASSERT_FALSE(body.has_value()) << text;
    EXPECT_TRUE(is_client_error(body.error()));
  });
}

TEST_F(JsonTestSuite, DecidesTheOpenCasesWithoutFailing) {
  each('i', 35, [](const std::string& text) {
    for (const auto& body : {text, as_payload(text)}) {
      const auto parsed = parse_enqueue(body);
      EXPECT_TRUE(parsed || is_client_error(parsed.error()));
    }
  });
}

TEST_F(NaughtyStrings, AreKeptAsPayloads) {
  for (const auto& text : strings_) {
    const auto quoted = nlohmann::json(text).dump();
    const auto body = parse_enqueue(as_payload(quoted));
    ASSERT_TRUE(body.has_value()) << quoted;
    EXPECT_EQ(body->jobs.at(0).payload, quoted);
  }
}

TEST_F(NaughtyStrings, AreIdsUnlessTheyAreTooLongOrHoldControlCharacters) {
  std::size_t accepted = 0;
  const auto most = strings_.size() * 3 / 4;
  for (const auto& text : strings_) {
    const bool allowed = !text.empty() && text.size() <= 255 && !has_control(text);
    const auto body = parse_enqueue(R"({"id":)" + nlohmann::json(text).dump() + "}");
    EXPECT_EQ(body.has_value(), allowed) << text;
    if (body) ++accepted;
  }
  EXPECT_GT(accepted, most);
}

TEST_F(NaughtyStrings, AreFoundAgainUnderTheirLocation) {
  for (const auto& text : strings_) {
    const auto quoted = nlohmann::json(text).dump();
    const auto response = enqueue(fmt::format(R"({{"id":{},"payload":{}}})", quoted, quoted));
    if (response.status == 400U || response.status == 200U)
      continue;  // cannot be an id, or is in the list twice
    ASSERT_EQ(response.status, 202U) << text;
    const auto location = field_of(response, "Location");
    EXPECT_TRUE(std::ranges::all_of(location, [](char c) { return c > ' ' && c < '\x7F'; })) << location;
    const auto shown = nlohmann::json::parse(get(location).body);
    EXPECT_EQ(shown["id"], text);
    EXPECT_EQ(shown["payload"], text);
    settle(claim());
  }
}

TEST_F(NaughtyStrings, NeverBreakAnAnswer) {
  for (const auto& text : strings_) {
    for (const auto& response :
         {get("/v1/jobs", {{text, text}}), get("/v1/jobs", {{"status", text}}),
          get("/v1/jobs", {{"queue", text}}), enqueue(R"({"queue":)" + nlohmann::json(text).dump() + "}"),
          enqueue("{" + nlohmann::json(text).dump() + ":1}"), enqueue(text)}) {
      EXPECT_TRUE(nlohmann::json::accept(response.body)) << response.body;
      EXPECT_LT(response.status, 500U) << response.body;
    }
  }
}

}  // namespace jobqd::http
