#include <jobqd/domain/error.hpp>

#include <algorithm>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace jobqd::domain {

TEST(ErrorTable, IsInTheOrderOfTheCodes) {
  const auto& table = error_table();
  for (std::size_t i = 0; i < table.size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(table[i].code), i) << table[i].slug;
    EXPECT_EQ(error_traits(table[i].code).slug, table[i].slug);
  }
}

TEST(ErrorTable, EndsWithTheLastCode) {
  EXPECT_EQ(error_table().back().code, ErrorCode::out_of_memory);
}

TEST(ErrorTable, GivesEveryErrorItsOwnSlugAndTitle) {
  std::set<std::string_view> slugs;
  std::set<std::string_view> titles;
  for (const auto& row : error_table()) {
    EXPECT_TRUE(slugs.insert(row.slug).second) << row.slug;
    EXPECT_TRUE(titles.insert(row.title).second) << row.title;
  }
}

TEST(ErrorTable, HasSlugsThatNeedNoEscaping) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz-";
  for (const auto& row : error_table()) {
    EXPECT_FALSE(row.slug.empty());
    EXPECT_EQ(row.slug.find_first_not_of(allowed), std::string_view::npos) << row.slug;
  }
}

TEST(ErrorTable, KnowsClientAndServerErrorsOnly) {
  for (const auto& row : error_table()) {
    EXPECT_GE(row.http_status, 400) << row.slug;
    EXPECT_LE(row.http_status, 599) << row.slug;
  }
}

TEST(ErrorTable, HasRetryAfterForTemporaryErrors) {
  for (const auto& row : error_table()) {
    const bool passes = row.http_status == 429 || row.http_status == 503;
    EXPECT_EQ(row.retry_after.count() > 0, passes) << row.slug;
  }
}

TEST(ErrorTable, DistinguishesWhatAProducerCanDoAboutIt) {
  EXPECT_EQ(error_traits(ErrorCode::queue_full).http_status, 429);
  EXPECT_EQ(error_traits(ErrorCode::id_conflict).http_status, 409);
  EXPECT_EQ(error_traits(ErrorCode::queue_not_found).http_status, 404);
  EXPECT_EQ(error_traits(ErrorCode::draining).http_status, 503);
}

}  // namespace jobqd::domain
