#include "http/calls/uuid7.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <set>

#include <gtest/gtest.h>

namespace jobqd::http {

namespace {

constexpr base::WallTime example_time{base::milliseconds{0x017F22E279B0}};  // RFC 9562, appendix A.6

std::uint64_t number(const std::string& hex) {
  std::uint64_t value = 0;
  std::from_chars(hex.data(), hex.data() + hex.size(), value, 16);
  return value;
}

std::string without_dashes(std::string uuid) {
  std::erase(uuid, '-');
  return uuid;
}

}  // namespace

TEST(Uuid7, HasTheFormOfAUuid) {
  base::Random random(1);
  for (int i = 0; i < 1000; ++i) {
    const auto uuid = make_uuid7(example_time, random);
    ASSERT_EQ(uuid.size(), 36U);
    for (std::size_t at = 0; at < uuid.size(); ++at) {
      const bool dash = at == 8 || at == 13 || at == 18 || at == 23;
      ASSERT_TRUE(dash ? uuid[at] == '-' : std::string_view("0123456789abcdef").contains(uuid[at])) << uuid;
    }
  }
}

TEST(Uuid7, StartsWithTheMilliseconds) {
  base::Random random(1);
  EXPECT_TRUE(make_uuid7(example_time, random).starts_with("017f22e2-79b0-7"));
  EXPECT_TRUE(make_uuid7(base::WallTime{}, random).starts_with("00000000-0000-7"));
}

TEST(Uuid7, CarriesVersionAndVariant) {
  base::Random random(1);
  for (int i = 0; i < 1000; ++i) {
    const auto uuid = make_uuid7(example_time, random);
    EXPECT_EQ(uuid[14], '7') << uuid;
    EXPECT_TRUE(std::string_view("89ab").contains(uuid[19])) << uuid;
  }
}

TEST(Uuid7, FillsTheOther74BitsAtRandom) {
  base::Random random(1);
  std::uint64_t ever_set[2] = {};
  std::uint64_t ever_clear[2] = {};
  for (int i = 0; i < 1000; ++i) {
    const auto hex = without_dashes(make_uuid7(example_time, random));
    const std::uint64_t halves[2] = {number(hex.substr(0, 16)), number(hex.substr(16))};
    for (int half = 0; half < 2; ++half) {
      ever_set[half] |= halves[half];
      ever_clear[half] |= ~halves[half];
    }
  }
  EXPECT_EQ(std::popcount(ever_set[0] & ever_clear[0]), 12);
  EXPECT_EQ(std::popcount(ever_set[1] & ever_clear[1]), 62);
}

TEST(Uuid7, SortsByTime) {
  base::Random random(1);
  std::string before;
  for (int i = 0; i < 1000; ++i) {
    auto uuid = make_uuid7(example_time + base::milliseconds{i}, random);
    EXPECT_LT(before, uuid);
    before = std::move(uuid);
  }
}

TEST(Uuid7, DoesNotRepeat) {
  base::Random random(1);
  std::set<std::string> seen;
  for (int i = 0; i < 10'000; ++i) EXPECT_TRUE(seen.insert(make_uuid7(example_time, random)).second);
}

TEST(Uuid7, IsTheSameForTheSameSeed) {
  base::Random one(7);
  base::Random other(7);
  EXPECT_EQ(make_uuid7(example_time, one), make_uuid7(example_time, other));
}

}  // namespace jobqd::http
