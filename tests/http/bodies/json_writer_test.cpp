#include "http/bodies/json_writer.hpp"

#include <cstdint>
#include <limits>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace jobqd::http {

namespace {

/// The text that `write` writes.
template <class Write>
std::string written(Write write) {
  std::string out;
  JsonWriter json(out);
  write(json);
  return out;
}

}  // namespace

TEST(JsonWriter, PutsCommasBetweenMembersAndElementsAndNowhereElse) {
  EXPECT_EQ(written([](JsonWriter& json) {
              json.begin_object();
              json.key("a").begin_array();
              json.end_array();
              json.key("b").begin_array();
              json.number(1);
              json.begin_object();
              json.end_object();
              json.begin_object();
              json.key("c").string("d");
              json.end_object();
              json.string("e");
              json.begin_array();
              json.end_array();
              json.end_array();
              json.key("f").begin_object();
              json.key("g").boolean(true);
              json.key("h").boolean(false);
              json.end_object();
              json.key("i").raw("null");
              json.end_object();
            }),
            R"({"a":[],"b":[1,{},{"c":"d"},"e",[]],"f":{"g":true,"h":false},"i":null})");
}

TEST(JsonWriter, WritesWholeNumbersOfEverySize) {
  EXPECT_EQ(written([](JsonWriter& json) {
              json.begin_array();
              json.number(std::int8_t{-7});
              json.number(std::uint8_t{255});
              json.number(std::uint16_t{0});
              json.number(std::numeric_limits<std::int64_t>::min());
              json.number(std::numeric_limits<std::uint64_t>::max());
              json.end_array();
            }),
            "[-7,255,0,-9223372036854775808,18446744073709551615]");
}

TEST(JsonWriter, EscapesStrings) {
  const std::string text = "\"\\\n\x01\x7F\xC3\xA9";
  const auto json = written([&](JsonWriter& writer) { writer.string(text); });
  EXPECT_EQ(json, "\"\\\"\\\\\\n\\u0001\x7F\xC3\xA9\"");
  EXPECT_EQ(nlohmann::json::parse(json), text);
}

TEST(JsonWriter, LeavesRawTextAsItIs) {
  EXPECT_EQ(written([](JsonWriter& json) { json.raw(R"({ "n": 1.50 })"); }), R"({ "n": 1.50 })");
}

TEST(JsonWriter, WritesBehindWhatIsThere) {
  std::string out = "data: ";
  JsonWriter json(out);
  json.begin_array();
  json.number(1);
  out += "\n";
  json.number(2);
  json.end_array();
  EXPECT_EQ(out, "data: [1\n,2]");
}

}  // namespace jobqd::http
