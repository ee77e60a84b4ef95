// How the keys of kinds are read, kept and written, and what the kinds of jobqd make of them.

#include <jobqd/processors/kind.hpp>

#include <set>

#include <gtest/gtest.h>

#include "support/jobs.hpp"
#include "support/manual_clock.hpp"

namespace jobqd::processors {

namespace {

using base::milliseconds;

/// What the key shows after taking `texts`; "refused: …" where it does not take them.
std::string shown(const Key& key, std::vector<std::string> texts) {
  KeyValues values;
  const auto taken = values.set(key, texts);
  return taken ? values.toml(key) : "refused: " + taken.error();
}

Key key(ValueType type) {
  return {.name = "k", .allowed = "anything", .type = type};
}

/// The values of a kind's keys: its standards, and these.
KeyValues values_of(const ProcessorKind& kind,
                    const std::vector<std::pair<std::string, std::vector<std::string>>>& given) {
  KeyValues values;
  values.set_standards(kind.keys);
  for (const auto& [name, texts] : given) {
    const auto key = std::ranges::find(kind.keys, name, &Key::name);
    if (key == kind.keys.end() || !values.set(*key, texts)) throw std::invalid_argument(name);
  }
  return values;
}

ProcessorKind::Made make(std::string_view name, const KeyValues& values) {
  static const support::ManualClock clock;
  static base::Random random(1);
  return find_kind(built_in_kinds(), name)
      ->make({.values = values, .queue = "q", .clock = clock, .random = random});
}

}  // namespace

TEST(KeyValues, ShowsEachTypeInItsShortestForm) {
  EXPECT_EQ(shown(key(Text{}), {"a \"b\"\n"}), R"("a \"b\"\n")");
  EXPECT_EQ(shown(key(Whole{.low = 0, .high = 10}), {"007"}), "7");
  EXPECT_EQ(shown(key(Number{.low = 0, .high = 1}), {"0.50"}), "0.5");
  EXPECT_EQ(shown(key(Duration{.low = milliseconds{0}, .high = milliseconds{100'000}}), {"90s"}),
            "\"1m30s\"");
  EXPECT_EQ(shown(key(Duration{.low = milliseconds{0}, .high = milliseconds{100'000}}), {"0"}), "\"0s\"");
  EXPECT_EQ(shown(key(Size{.low = 0, .high = 10'000'000}), {"2048"}), "\"2KiB\"");
}

TEST(KeyValues, TakesTheBoundsAndNothingBeyond) {
  const auto whole = key(Whole{.low = -1, .high = 3});
  EXPECT_EQ(shown(whole, {"-1"}), "-1");
  EXPECT_EQ(shown(whole, {"3"}), "3");
  for (const auto* text : {"-2", "4", "", "1.0", "x", "99999999999999999999"})
    EXPECT_EQ(shown(whole, {text}), "refused: ") << text;
  for (const auto* text : {"nan", "inf", "1.01", "-0.01", ""})
    EXPECT_EQ(shown(key(Number{.low = 0, .high = 1}), {text}), "refused: ") << text;
  for (const auto* text : {"9B", "11B", "-1", "18446744073709551615"})
    EXPECT_EQ(shown(key(Size{.low = 10, .high = 10}), {text}), "refused: ") << text;
}

TEST(KeyValues, TakesListsOfAnyLength) {
  auto list = key(Whole{.low = 0, .high = 9});
  list.is_list = true;
  EXPECT_EQ(shown(list, {}), "[]");
  EXPECT_EQ(shown(list, {"1", "2"}), "[1, 2]");
  EXPECT_EQ(shown(list, {"1", "10"}), "refused: ");
}

TEST(KeyValues, AppliesTheRuleOfTheKey) {
  auto text = key(Text{});
  text.fault = [](Texts texts) { return texts.front() == "wrong" ? "it is wrong" : ""; };
  EXPECT_EQ(shown(text, {"right"}), "\"right\"");
  EXPECT_EQ(shown(text, {"wrong"}), "refused: it is wrong");
}

TEST(KeyValues, AreTakenWhateverTheSurroundings) {
  auto text = key(Text{});
  text.surroundings_fault = [](Texts texts) { return texts.front() == "right" ? "" : "it is not here"; };
  EXPECT_EQ(shown(text, {"other"}), "\"other\"");
  const ProcessorKind kind{.name = "own", .keys = {text}};
  KeyValues values;
  EXPECT_EQ(surroundings_fault(kind, values), "") << "there is no value";
  ASSERT_TRUE(values.set(text, std::vector<std::string>{"other"}));
  EXPECT_EQ(surroundings_fault(kind, values), "k: it is not here");
  ASSERT_TRUE(values.set(text, std::vector<std::string>{"right"}));
  EXPECT_EQ(surroundings_fault(kind, values), "");
}

TEST(KeyValues, GiveTheTextsOfAllTypes) {
  for (const auto& [type, text] :
       {std::pair{ValueType(Whole{.low = 0, .high = 9}), "7"},
        {Number{.low = 0, .high = 9}, "1.5"},
        {Duration{.low = std::chrono::milliseconds{0}, .high = std::chrono::hours{9}}, "1m30s"},
        {Size{.low = 0, .high = 9'999}, "2KiB"},
        {Text{}, "a \"b\""}}) {
    KeyValues values;
    ASSERT_TRUE(values.set(key(type), std::vector<std::string>{text}));
    EXPECT_EQ(values.texts(key(type)), std::vector<std::string>{text});
  }
}

TEST(KeyValues, KeepsWhatItHasWhereItRefuses) {
  const auto whole = key(Whole{.low = 0, .high = 9});
  KeyValues values;
  EXPECT_TRUE(values.set(whole, std::vector<std::string>{"5"}).has_value());
  EXPECT_FALSE(values.set(whole, std::vector<std::string>{"10"}).has_value());
  std::uint16_t number = 0;
  values.get("k", number);
  EXPECT_EQ(number, 5);
}

TEST(KeyValues, LeavesAloneWhatHasNoValue) {
  int number = 7;
  std::vector<std::string> texts{"a"};
  const KeyValues none;
  none.get("k", number);
  none.get("k", texts);
  EXPECT_EQ(number, 7);
  EXPECT_EQ(texts.size(), 1U);
  EXPECT_EQ(none.toml(key(Text{})), "");
}

TEST(KeyValues, TakesStandardsButNotOfWhatIsRequired) {
  auto text = key(Text{});
  text.standard = {"standard"};
  auto list = key(Text{});
  list.name = "list";
  list.is_list = true;
  auto required = list;
  required.name = "required";
  required.is_required = true;
  KeyValues values;
  values.set_standards(std::array{text, list, required});
  EXPECT_EQ(values.toml(text), "\"standard\"");
  EXPECT_EQ(values.toml(list), "[]");
  EXPECT_FALSE(values.has("required"));
}

TEST(KeyValuesDeathTest, EndsWhereAnotherTypeIsReadThanTheKeyHas) {
  KeyValues values;
  ASSERT_TRUE(values.set(key(Text{}), std::vector<std::string>{"a"}).has_value());
  int number = 0;
  EXPECT_DEATH(values.get("k", number), "held");
}

TEST(BuiltInKinds, HaveNamesAndTheirKeysHaveRulesInWords) {
  std::set<std::string> names;
  for (const auto& kind : built_in_kinds()) {
    EXPECT_TRUE(names.insert(kind.name).second) << kind.name;
    std::set<std::string> keys;
    for (const auto& key : kind.keys) {
      EXPECT_TRUE(keys.insert(key.name).second) << key.name;
      EXPECT_FALSE(key.allowed.empty()) << key.name;
      EXPECT_TRUE(key.standard.size() < 2 || key.is_list) << key.name;
    }
  }
  EXPECT_EQ(names, (std::set<std::string>{"simulate", "exec", "http", "remote"}));
}

TEST(BuiltInKinds, AreMadeOfTheirKeys) {
  const auto& exec = *find_kind(built_in_kinds(), "exec");
  const auto echo = make("exec", values_of(exec, {{"command", {"/bin/echo", "it", "works"}}}));
  ASSERT_TRUE(echo.has_value());
  const auto outcome = (*echo)->process(support::new_claim("a"), {});
  EXPECT_EQ(std::get<engine::Done>(outcome).result, "it works\n");

  const auto& simulate = *find_kind(built_in_kinds(), "simulate");
  const auto failing =
      make("simulate",
           values_of(simulate,
                     {{"simulate.min", {"0"}}, {"simulate.max", {"0"}}, {"simulate.failure_rate", {"1"}}}));
  ASSERT_TRUE(failing.has_value());
  EXPECT_TRUE(std::holds_alternative<engine::Retry>((*failing)->process(support::new_claim("a"), {})));

  const auto& push = *find_kind(built_in_kinds(), "http");
  EXPECT_TRUE(make("http", values_of(push, {{"url", {"https://example.com/"}}})).has_value());
}

TEST(BuiltInKinds, SayWhyTheyCannotBeMade) {
  const auto& push = *find_kind(built_in_kinds(), "http");
  const auto values =
      values_of(push, {{"url", {"https://example.com/"}}, {"secret_env", {"JOBQD_TEST_NOT_SET"}}});
  EXPECT_EQ(make("http", values).error(), "secret_env: JOBQD_TEST_NOT_SET is not set");
  const auto denied = values_of(push, {{"url", {"http://127.0.0.1/"}}});
  EXPECT_EQ(make("http", denied).error(), "url: 127.0.0.1 is in no allowed network (allow_networks)");
  const auto allowed = values_of(push, {{"url", {"http://127.0.0.1/"}}, {"allow_networks", {"127.0.0.0/8"}}});
  EXPECT_TRUE(make("http", allowed));
  const auto named = values_of(push, {{"url", {"http://no-such-name.invalid/"}}});
  EXPECT_TRUE(make("http", named)) << "a name is looked up when it is needed";
}

TEST(BuiltInKinds, CanBeMissingSomethingOfTheMachine) {
  const auto& exec = *find_kind(built_in_kinds(), "exec");
  const auto missing = values_of(exec, {{"command", {"/nowhere/program"}}});
  const base::SystemClock clock;
  base::Random random{1};
  const auto made = make_processor(exec, {.values = missing, .queue = "q", .clock = clock, .random = random});
  EXPECT_EQ(made.error(), "command: /nowhere/program: No such file or directory");
}

TEST(BuiltInKinds, CheckWhatNoKeyShowsByItself) {
  const auto& simulate = *find_kind(built_in_kinds(), "simulate");
  EXPECT_EQ(simulate.check(values_of(simulate, {})), "");
  EXPECT_EQ(simulate.check(values_of(simulate, {{"simulate.min", {"151ms"}}})),
            "simulate.min: 151ms is not allowed: it is above simulate.max, which is 150ms");
}

TEST(BuiltInKinds, RejectNoStatusThatAsksForAnotherAttempt) {
  const auto& push = *find_kind(built_in_kinds(), "http");
  const auto reject_on = std::ranges::find(push.keys, "reject_on", &Key::name);
  ASSERT_NE(reject_on, push.keys.end());
  KeyValues values;
  for (const auto* right : {"300", "400", "404", "599"})
    EXPECT_TRUE(values.set(*reject_on, std::vector<std::string>{right}).has_value()) << right;
  for (const auto* wrong : {"408", "425", "429", "299", "600"})
    EXPECT_FALSE(values.set(*reject_on, std::vector<std::string>{wrong}).has_value()) << wrong;
}

TEST(BuiltInKinds, DoNotBothRetryAndRejectAStatus) {
  const auto& push = *find_kind(built_in_kinds(), "http");
  const auto check = [&](const std::vector<std::string>& retry_on,
                         const std::vector<std::string>& reject_on) {
    return push.check(values_of(
        push, {{"url", {"https://example.com/"}}, {"retry_on", retry_on}, {"reject_on", reject_on}}));
  };
  EXPECT_EQ(check({"409"}, {"410"}), "");
  EXPECT_EQ(check({"409", "410"}, {"400", "410"}), "reject_on: 410 is not allowed: it is in retry_on too");
}

TEST(BuiltInKinds, LeaveRemoteJobsToOthers) {
  for (const auto& kind : built_in_kinds()) EXPECT_EQ(kind.is_remote(), kind.name == "remote");
}

}  // namespace jobqd::processors
