#include "app/settings/settings.hpp"

#include <set>

#include <gmock/gmock.h>

namespace jobqd::app {
namespace {

const Setting& setting(std::string_view name) {
  for (const auto& candidate : settings())
    if (candidate.name == name) return candidate;
  throw std::out_of_range(std::string(name));
}

/// What the setting shows after reading `text`; "refused" if it does not accept it.
std::string shown_after(std::string_view name, std::string_view text) {
  Config config;
  return setting(name).read(config, text) ? setting(name).show(config) : "refused";
}

TEST(Settings, ReadBackWhatTheyShow) {
  const Config defaults;
  for (const auto& candidate : settings()) {
    if (candidate.name == "CONFIG") continue;
    EXPECT_EQ(shown_after(candidate.name, candidate.show(defaults)), candidate.show(defaults))
        << candidate.name;
  }
}

TEST(Settings, HaveNamesOfTheirOwn) {
  std::set<std::string> flags;
  for (const auto& candidate : settings())
    EXPECT_TRUE(flags.insert(candidate.flag()).second) << candidate.name;
  EXPECT_EQ(setting("QUEUE_SIZE").flag(), "--queue-size");
  EXPECT_EQ(setting("QUEUE_SIZE").file_key(), "queue_size");
}

TEST(Settings, LeaveTheConfigurationAsItIsWhenTheyRefuse) {
  Config config;
  EXPECT_FALSE(setting("WORKERS").read(config, "0"));
  EXPECT_FALSE(setting("LISTEN").read(config, "[::1]:x"));
  EXPECT_EQ(config.workers, 4U);
  EXPECT_EQ(config.listen.front().host, "127.0.0.1");
}

TEST(Settings, TakeSizesWithBinaryUnits) {
  EXPECT_EQ(shown_after("MAX_BODY", "2048"), "2KiB");
  EXPECT_EQ(shown_after("MAX_BODY", "64MiB"), "64MiB");
  EXPECT_EQ(shown_after("MAX_BODY", "1000B"), "refused");
  EXPECT_EQ(shown_after("MAX_BODY", "18446744073709551615GiB"), "refused");
}

TEST(Settings, TakeDurationsWithUnitsAndABareZero) {
  EXPECT_EQ(shown_after("SHUTDOWN_GRACE", "90s"), "1m30s");
  EXPECT_EQ(shown_after("SHUTDOWN_GRACE", "0"), "0s");
  EXPECT_EQ(shown_after("SHUTDOWN_GRACE", "90"), "refused");
  EXPECT_EQ(shown_after("DRAIN_DELAY", "60s"), "1m");
  EXPECT_EQ(shown_after("DRAIN_DELAY", "60001ms"), "refused");
}

TEST(Settings, TakeALogLevelInAnyCase) {
  for (const auto* level : {"warn", "WARN", "Warn", "wArN"})
    EXPECT_EQ(shown_after("LOG_LEVEL", level), "warn");
  EXPECT_EQ(shown_after("LOG_LEVEL", "WARNING"), "refused");
}

TEST(Settings, TakeAddressesWithPorts) {
  EXPECT_EQ(shown_after("LISTEN", "[::1]:80"), "[::1]:80");
  EXPECT_EQ(shown_after("LISTEN", "localhost:0"), "127.0.0.1:0");
  EXPECT_EQ(shown_after("LISTEN", "::1:80"), "refused");
}

TEST(Settings, KnowWhichAddressesStayOnThisMachine) {
  EXPECT_TRUE((ListenAddress{.host = "127.0.0.2"}.is_local()));
  EXPECT_TRUE((ListenAddress{.host = "::1"}.is_local()));
  EXPECT_FALSE((ListenAddress{.host = "0.0.0.0"}.is_local()));
  EXPECT_TRUE((ListenAddress{.host = {}, .path = "/run/jobqd.sock"}.is_local()));
}

TEST(Settings, ContradictEachOtherOnlyWhereTheyDo) {
  Config config;
  EXPECT_EQ(contradiction(config), std::nullopt);
  config.backoff.cap = base::milliseconds{99};
  EXPECT_EQ(contradiction(config),
            "BACKOFF_BASE: 100ms is not allowed: it is above BACKOFF_CAP, which is 99ms");
}

}  // namespace
}  // namespace jobqd::app
