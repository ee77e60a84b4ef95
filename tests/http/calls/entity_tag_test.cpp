#include "http/calls/entity_tag.hpp"

#include <gtest/gtest.h>

namespace jobqd::http {

TEST(EntityTag, IsThatOfTheText) {
  EXPECT_EQ(entity_tag("a"), entity_tag("a"));
  EXPECT_NE(entity_tag("a"), entity_tag("b"));
  const auto tag = entity_tag("a");
  EXPECT_EQ(tag.size(), 18U);
  EXPECT_EQ(tag.front(), '"');
  EXPECT_EQ(tag.back(), '"');
}

TEST(EntityTag, IsCurrentIfTheClientListsIt) {
  for (const std::string list :
       {R"("1")", R"(W/"1")", R"("0", "1")", R"("0","1","2")", R"("a,b" , W/"1")", "*"})
    EXPECT_TRUE(has_current({list}, R"("1")")) << list;
  for (const std::string list :
       {"", "1", R"("0")", R"("1)", R"(1")", R"("11")", R"("*")", R"("0", "2")", R"(",")"})
    EXPECT_FALSE(has_current({list}, R"("1")")) << list;
  EXPECT_FALSE(has_current({}, R"("1")"));
  EXPECT_TRUE(has_current({R"("0")", R"("1")"}, R"("1")")) << "of two fields";
}

}  // namespace jobqd::http
