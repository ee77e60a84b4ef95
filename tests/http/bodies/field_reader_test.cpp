#include "http/bodies/field_reader.hpp"

#include <array>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace jobqd::http {

namespace {

using domain::ErrorCode;
using domain::FieldError;
using testing::ElementsAre;
using testing::HasSubstr;

struct Pet {
  std::string name;
  std::string story = "none";
};

Fault take_name(Pet& pet, const FieldValue& value) {
  const auto* text = std::get_if<std::string_view>(&value);
  if (text == nullptr) return must_be("a string", value);
  pet.name = *text;
  return {};
}

void keep_story(Pet& pet, std::string_view json) {
  pet.story = json;
}

constexpr std::array fields{Field<Pet>{.name = "name", .rule = take_name},
                            Field<Pet>{.name = "story", .keep = keep_story}};
const BodyForm<Pet> form{.fields = fields,
                         .empty_body = "nothing there",
                         .wrong_body = "must be a pet",
                         .wrong_element = "each must be a pet",
                         .unknown_field = "is not a field of a pet",
                         .most = 3,
                         .things = "pets"};

/// The errors in a body with one pet.
domain::Error error_of_one(std::string_view body) {
  Pet pet;
  FieldReader<Pet> reader(body, form, pet);
  reader.read();
  return std::move(reader).error().value_or(domain::Error{.code = ErrorCode::internal, .detail = "nothing"});
}

/// The errors in a body with one pet or several.
domain::Error error_of_many(std::string_view body) {
  std::vector<Pet> pets;
  FieldReader<Pet> reader(body, form, pets);
  reader.read();
  return std::move(reader).error().value_or(domain::Error{.code = ErrorCode::internal, .detail = "nothing"});
}

}  // namespace

TEST(FieldReader, ReadsOneObject) {
  Pet pet;
  FieldReader<Pet> reader(R"({"story": [1, {"name": 2}] ,"name":"R\u0065x"})", form, pet);
  reader.read();
  EXPECT_TRUE(reader.faultless());
  EXPECT_FALSE(reader.is_array());
  EXPECT_TRUE(reader.has("name"));
  EXPECT_TRUE(reader.has("story"));
  EXPECT_EQ(std::move(reader).error(), std::nullopt);
  EXPECT_EQ(pet.name, "Rex");
  EXPECT_EQ(pet.story, R"([1, {"name": 2}])");
}

TEST(FieldReader, ReadsAnArrayOfObjects) {
  std::vector<Pet> pets;
  FieldReader<Pet> reader(R"([{"name":"a"},{"story":-1.50},{}])", form, pets);
  reader.read();
  EXPECT_EQ(std::move(reader).error(), std::nullopt);
  EXPECT_TRUE(reader.is_array());
  ASSERT_EQ(pets.size(), 3U);
  EXPECT_EQ(pets[0].name, "a");
  EXPECT_EQ(pets[1].story, "-1.50");
  EXPECT_EQ(pets[2].story, "none");
}

TEST(FieldReader, KnowsTheFieldsOfTheLastObjectOnly) {
  std::vector<Pet> pets;
  FieldReader<Pet> reader(R"([{"name":"a"},{"story":1}])", form, pets);
  reader.read();
  EXPECT_FALSE(reader.has("name"));
  EXPECT_TRUE(reader.has("story"));
  EXPECT_FALSE(reader.has("tail"));
}

TEST(FieldReader, RefusesWhatIsNoObject) {
  for (const auto* body : {"1", "null", "\"x\"", "1.5", "true"}) {
    EXPECT_THAT(error_of_one(body).fields, ElementsAre(FieldError{"", "must be a pet"})) << body;
    EXPECT_THAT(error_of_many(body).fields, ElementsAre(FieldError{"", "must be a pet"})) << body;
  }
  for (const auto* body : {"[]", "[{}]", R"([{"name":"a"}])", "[1,2]", "[[]]"})
    EXPECT_THAT(error_of_one(body).fields, ElementsAre(FieldError{"", "must be a pet"})) << body;
  EXPECT_THAT(error_of_many("[{},1,[{}]]").fields,
              ElementsAre(FieldError{"/1", "each must be a pet"}, FieldError{"/2", "each must be a pet"}));
}

TEST(FieldReader, RefusesMoreObjectsThanTheFormAllows) {
  EXPECT_EQ(error_of_many("[{},{},{}]").detail, "nothing");
  const auto error = error_of_many("[{},{},{},{");
  EXPECT_EQ(error.code, ErrorCode::invalid_field);
  EXPECT_EQ(error.detail, "more than 3 pets in one request");
}

TEST(FieldReader, PointsAtEveryWrongField) {
  EXPECT_THAT(error_of_one(R"({"name":1,"t/l":{"name":2},"story":1,"story":2})").fields,
              ElementsAre(FieldError{"/name", "must be a string, not 1"},
                          FieldError{"/t~1l", "is not a field of a pet; there are name, story"},
                          FieldError{"/story", "is given twice"}));
  EXPECT_THAT(error_of_many(R"([{},{"name":[]}])").fields,
              ElementsAre(FieldError{"/1/name", "must be a string, not an object or an array"}));
}

TEST(FieldReader, ReportsSixteenWrongFieldsAtMost) {
  std::string body = "{";
  for (int i = 0; i < 100; ++i) body += fmt::format(R"("x{}":0,)", i);
  body.back() = '}';
  EXPECT_EQ(error_of_one(body).fields.size(), 16U);
}

TEST(FieldReader, RefusesWhatIsNotJsonAndPointsAtTheField) {
  for (const std::string body : {"{\"name\":\"\xFF\"}", R"({"name":tru})", R"({"story":1,"name":})"}) {
    const auto error = error_of_one(body);
    EXPECT_EQ(error.code, ErrorCode::malformed_json);
    ASSERT_EQ(error.fields.size(), 1U);
    EXPECT_EQ(error.fields[0].pointer, "/name") << body;
    EXPECT_THAT(error.detail, HasSubstr("parse error at line 1")) << body;
  }
  EXPECT_THAT(error_of_one("{").fields, ElementsAre());
}

TEST(FieldReader, RefusesABodyThatIsEmptyOrHasANulByte) {
  using namespace std::string_literals;
  for (const auto& [body, detail] : {std::pair{""s, "nothing there"},
                                     {" \r\n\t"s, "nothing there"},
                                     {"{}\0"s, "the body contains a NUL byte"},
                                     {"\0"s, "the body contains a NUL byte"}}) {
    const auto error = error_of_one(body);
    EXPECT_EQ(error.code, ErrorCode::malformed_json);
    EXPECT_EQ(error.detail, detail);
  }
}

TEST(FieldReader, LetsARefusalHideWrongFields) {
  const auto error = error_of_one(R"({"name":1,"tail":2,)");
  EXPECT_EQ(error.code, ErrorCode::malformed_json);
  EXPECT_TRUE(error.fields.empty());
}

TEST(FieldReader, ReportsANumberThatNoDoubleHoldsOnce) {
  EXPECT_THAT(error_of_one(R"({"story":[1e400]})").fields,
              ElementsAre(FieldError{"/story", "must not hold 1e400, which no double holds"}));
  EXPECT_THAT(error_of_one(R"({"tail":1e400})").fields,
              ElementsAre(FieldError{"/tail", "is not a field of a pet; there are name, story"}));
  EXPECT_THAT(error_of_one("1e400").fields,
              ElementsAre(FieldError{"", "must not hold 1e400, which no double holds"}));
}

TEST(FieldReader, TakesFaultsThatItsCallerFinds) {
  std::vector<Pet> pets;
  FieldReader<Pet> reader(R"([{},{}])", form, pets);
  reader.read();
  reader.fault("name", "is missing");
  reader.fault({}, "is sad");
  EXPECT_FALSE(reader.faultless());
  const auto error = std::move(reader).error();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->detail, "/1/name is missing");
  EXPECT_THAT(error->fields, ElementsAre(FieldError{"/1/name", "is missing"}, FieldError{"/1", "is sad"}));
}

}  // namespace jobqd::http
