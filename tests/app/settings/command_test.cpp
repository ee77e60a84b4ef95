// How the command line, the environment and the file make a configuration.

#include <algorithm>
#include <fstream>
#include <map>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "app/settings/config.hpp"
#include "app/settings/queue_settings.hpp"
#include "app/settings/settings.hpp"

namespace jobqd::app {

namespace {

using namespace std::chrono_literals;
using Variables = std::map<std::string, std::string, std::less<>>;

std::expected<Command, std::string> read(
    std::vector<const char*> flags, const Variables& variables = {},
    std::span<const processors::ProcessorKind> kinds = processors::built_in_kinds()) {
  flags.insert(flags.begin(), "jobqd");
  const auto variable = [&](std::string_view name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
  return read_command(flags, variable, kinds);
}

Config config_of(const std::expected<Command, std::string>& command) {
  if (!command) throw std::runtime_error(command.error());
  return std::get<Serve>(*command).config;
}

std::string error_of(const std::expected<Command, std::string>& command) {
  return command ? "none" : command.error();
}

/// A TOML file that is removed after the test.
class File {
 public:
  explicit File(std::string_view text) { std::ofstream(path_) << text; }
  ~File() { std::remove(path_.c_str()); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_ = fmt::format("{}/jobqd-{}.toml", testing::TempDir(), static_cast<const void*>(this));
};

}  // namespace

TEST(ReadCommand, HasDefaults) {
  const auto config = config_of(read({}));
  EXPECT_EQ(config.workers, 4U);
  EXPECT_EQ(config.queue_size, 64U);
  EXPECT_EQ(config.listen.host, "127.0.0.1");
  EXPECT_EQ(config.listen.port, 8080);
  EXPECT_EQ(config.shutdown_grace, 25s);
  EXPECT_EQ(config.backoff.base, 100ms);
  EXPECT_EQ(config.backoff.cap, 30s);
  EXPECT_EQ(config.simulate.shortest, 100ms);
  EXPECT_EQ(config.simulate.longest, 150ms);
  EXPECT_EQ(config.simulate.failure_rate, 0.2);
  EXPECT_EQ(config.max_body, 1024U * 1024);
}

TEST(ReadCommand, TakesEverySettingFromEverywhereAndShowsItAsItIs) {
  // A setting accepts what it shows for its default.
  const Config defaults;
  for (const auto& setting : settings()) {
    if (setting.name == "CONFIG") continue;
    const auto value = setting.show(defaults);
    SCOPED_TRACE(setting.name);
    const File file(fmt::format("{} = \"{}\"\n", setting.file_key(), value));
    const auto flag = setting.flag();
    for (const auto& command :
         {read({flag.c_str(), value.c_str()}), read({}, {{std::string(setting.name), value}}),
          read({}, {{"CONFIG", file.path()}})})
      EXPECT_EQ(setting.show(config_of(command)), value);
  }
}

TEST(ReadCommand, FlagsBeatTheEnvironmentAndThatBeatsTheFile) {
  const File file("workers = 1\nqueue_size = 1\nmax_connections = 1\n");
  const auto config =
      config_of(read({"--workers", "3"}, {{"WORKERS", "2"}, {"QUEUE_SIZE", "2"}, {"CONFIG", file.path()}}));
  EXPECT_EQ(config.workers, 3U);
  EXPECT_EQ(config.queue_size, 2U);
  EXPECT_EQ(config.max_connections, 1U);
}

TEST(ReadCommand, NamesSettingValueSourceAndWhatIsAllowed) {
  EXPECT_EQ(error_of(read({}, {{"WORKERS", "0"}})),
            R"(WORKERS: "0" (environment) is not allowed: a whole number from 1 to 1024)");
  EXPECT_EQ(error_of(read({"--workers", "x"})),
            R"(WORKERS: "x" (flag) is not allowed: a whole number from 1 to 1024)");
}

TEST(ReadCommand, KeepsErrorsOnOneLine) {
  const auto error = error_of(read({}, {{"LOG_LEVEL", "a\nb\x1B"}}));
  EXPECT_EQ(error, R"(LOG_LEVEL: "a\x0ab\x1b" (environment) is not allowed: debug, info, warn or error)");
}

TEST(ReadCommand, RefusesWrongValuesOfEverySetting) {
  for (const auto& setting : settings())
    for (const auto* wrong : {"", " ", "-1", "wrong!", "99999999999999999999999999", "1e400"}) {
      if (setting.name == "CONFIG" && *wrong != '\0') continue;  // the name of a file may be anything
      EXPECT_TRUE(error_of(read({}, {{std::string(setting.name), wrong}}))
                      .starts_with(std::string(setting.name) + ": "))
          << setting.name << '=' << wrong;
    }
}

TEST(ReadCommand, TakesBoundsAndNothingBeyond) {
  for (const auto& [name, lowest, below, highest, above] :
       {std::tuple{"WORKERS", "1", "0", "1024", "1025"},
        {"QUEUE_SIZE", "1", "0", "100000000", "100000001"},
        {"SHUTDOWN_GRACE", "0s", "-1s", "1h", "1h1ms"},
        {"MAX_BODY", "1KiB", "1023B", "64MiB", "67108865B"},
        {"SIMULATE_FAILURE_RATE", "0", "-0.1", "1", "1.0001"},
        {"MAX_CONNECTIONS", "1", "0", "100000", "100001"},
        {"RETENTION", "0", "-1s", "366d", "366d1ms"},
        {"RETENTION_MAX", "0", "-1", "100000000", "100000001"}}) {
    for (const auto* right : {lowest, highest})
      EXPECT_EQ(error_of(read({}, {{name, right}})), "none") << name << '=' << right;
    for (const auto* wrong : {below, above})
      EXPECT_NE(error_of(read({}, {{name, wrong}})), "none") << name << '=' << wrong;
  }
}

TEST(ReadCommand, TakesAddressesAndNoNames) {
  for (const auto* listen :
       {"0.0.0.0:8080", "127.0.0.1:0", "[::1]:65535", "[::]:1", "localhost:80", "[fe80::1%eth0]:80"})
    EXPECT_EQ(error_of(read({}, {{"LISTEN", listen}})), "none") << listen;
  for (const auto* listen : {"8080", ":8080", "example.org:80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
                             "127.0.0.1:-1", "256.0.0.1:80", "1.2.3:80", "::1:80", "[127.0.0.1]:80",
                             "[::g]:80", "[::1]", "[]:80", "127.0.0.1:80 "})
    EXPECT_NE(error_of(read({}, {{"LISTEN", listen}})), "none") << listen;
}

TEST(ReadCommand, NoticesContradictions) {
  EXPECT_EQ(error_of(read({}, {{"SIMULATE_MIN", "200ms"}})),
            "SIMULATE_MIN: 200ms is not allowed: it is above SIMULATE_MAX, which is 150ms");
  EXPECT_EQ(error_of(read({}, {{"BACKOFF_CAP", "50ms"}})),
            "BACKOFF_BASE: 100ms is not allowed: it is above BACKOFF_CAP, which is 50ms");
}

TEST(ReadCommand, ReportsWhatIsWrongInAFile) {
  for (const auto& [text, message] :
       {std::pair{"\nworker = 3\n", ":2:1: there is no setting \"worker\"; see jobqd --help"},
        {"config = \"x\"\n", ":1:1: there is no setting \"config\"; see jobqd --help"},
        {"workers = [1]\n", ":1:11: workers must be a string or a number"},
        {"workers = true\n", ":1:11: workers must be a string or a number"}}) {
    const File file(text);
    EXPECT_EQ(error_of(read({}, {{"CONFIG", file.path()}})), "CONFIG: " + file.path() + message);
  }
}

TEST(ReadCommand, ReadsQueuesOfTheFile) {
  const File file(R"(
backoff_base = "10ms"
[queues.mail]
workers = 8
capacity = 1000
max_retries = 5
timeout = "30s"
backoff = ["0s", "1m"]
[queues."big.files"]
backoff = { cap = "1h", factor = 3, jitter = "equal" }
simulate.failure_rate = 0
)");
  const auto queues =
      config_of(read({"--workers", "2"}, {{"CONFIG", file.path()}, {"QUEUE_SIZE", "7"}})).queues;
  ASSERT_EQ(queues.size(), 3U);
  EXPECT_EQ(queues[0].name, "default");
  EXPECT_EQ(queues[0].workers, 2U);
  EXPECT_EQ(queues[0].capacity, 7U);
  EXPECT_EQ(queues[0].backoff.base, 10ms);
  EXPECT_EQ(queues[1].name, "big.files");
  EXPECT_EQ(queues[1].workers, 4U);
  EXPECT_EQ(queues[1].capacity, 100'000U);
  EXPECT_EQ(queues[1].backoff,
            (domain::RetryPolicy{.base = 10ms, .cap = 1h, .factor = 3, .jitter = domain::Jitter::equal}));
  double failure_rate = 1;
  queues[1].values.get("simulate.failure_rate", failure_rate);
  EXPECT_EQ(failure_rate, 0);
  EXPECT_EQ(queues[2].name, "mail");
  EXPECT_EQ(queues[2].workers, 8U);
  EXPECT_EQ(queues[2].capacity, 1000U);
  EXPECT_EQ(queues[2].max_retries, 5U);
  EXPECT_EQ(queues[2].timeout, 30s);
  EXPECT_EQ(queues[2].backoff.delays, (std::vector<base::milliseconds>{0ms, 60'000ms}));
}

TEST(ReadCommand, MakesTheDefaultQueueAlways) {
  const auto queues = config_of(read({})).queues;
  ASSERT_EQ(queues.size(), 1U);
  EXPECT_EQ(queues[0].name, "default");
  EXPECT_EQ(queues[0].capacity, 64U);
  const File file("[queues.default]\nmax_retries = 3\n");
  EXPECT_EQ(config_of(read({}, {{"CONFIG", file.path()}})).queues.at(0).max_retries, 3U);
}

TEST(ReadCommand, AQueueOfTheFileKeepsItsJobs) {
  const File file("[queues.mail]\n");
  const auto queues = config_of(read({}, {{"CONFIG", file.path()}})).queues;
  EXPECT_EQ(queues[1].max_retries, 25U);
  EXPECT_EQ(queues[1].capacity, 100'000U);
  EXPECT_EQ(queues[1].capacity_bytes, 256U * 1024 * 1024);
  EXPECT_EQ(queues[1].backoff.curve, domain::Curve::polynomial);
  EXPECT_EQ(queues[1].backoff.delay(25, 0.5), 390'640s);
  EXPECT_EQ(queues[0].max_retries, 0U) << "the default queue is as it was";
  EXPECT_EQ(queues[0].capacity, 64U);
  EXPECT_EQ(queues[0].capacity_bytes, engine::any_bytes);
  EXPECT_EQ(queues[0].backoff, domain::RetryPolicy{});
  const File of_default("[queues.default]\ncapacity_bytes = \"2MiB\"\n");
  const auto queue = config_of(read({}, {{"CONFIG", of_default.path()}})).queues.at(0);
  EXPECT_EQ(queue.max_retries, 0U);
  EXPECT_EQ(queue.capacity_bytes, 2U * 1024 * 1024);
  EXPECT_EQ(queue.backoff, domain::RetryPolicy{});
}

TEST(ReadCommand, WhatIsSaidAboutBackoffHolds) {
  const auto backoff = [](std::string_view keys, const Variables& variables = {}) {
    const File file(fmt::format("[queues.mail]\n{}\n", keys));
    auto all = variables;
    all.emplace("CONFIG", file.path());
    return config_of(read({}, all)).queues.at(1).backoff;
  };
  constexpr auto polynomial = domain::Curve::polynomial;
  EXPECT_EQ(backoff("", {{"BACKOFF_BASE", "1s"}}), (domain::RetryPolicy{.base = 1s}));
  EXPECT_EQ(backoff("", {{"BACKOFF_CAP", "30d"}}), (domain::RetryPolicy{.cap = 30 * 24h}));
  EXPECT_EQ(backoff("backoff.cap = \"1h\""), (domain::RetryPolicy{.cap = 1h}));
  EXPECT_EQ(backoff("backoff.policy = \"exponential\""), domain::RetryPolicy{});
  EXPECT_EQ(backoff("backoff = [\"30d\"]").delay(1, 0), 30 * 24h);
  const auto curve = backoff("backoff.policy = \"polynomial\"", {{"BACKOFF_CAP", "10s"}});
  EXPECT_EQ(curve.curve, polynomial);
  EXPECT_EQ(curve.cap, 30 * 24h);
  const auto capped = backoff("backoff = { policy = \"polynomial\", cap = \"1m\" }");
  EXPECT_EQ(capped.curve, polynomial);
  EXPECT_EQ(capped.delay(25, 0), 1min);
  const File of_default("[queues.default]\nbackoff.policy = \"polynomial\"\n");
  EXPECT_EQ(config_of(read({}, {{"CONFIG", of_default.path()}})).queues.at(0).backoff.curve, polynomial);
}

TEST(ReadCommand, RateAndCircuitHaveShortForms) {
  const File file(
      "[queues.a]\nrate = 5\ncircuit = 3\n[queues.b]\nprocessor = \"http\"\nurl = \"http://x.org/\"\ncircuit "
      "= 0\n"
      "rate = 0.5\n[queues.c]\nrate = { per_second = 7, burst = 2 }\ncircuit.wait = \"1m\"\n");
  const auto queues = config_of(read({}, {{"CONFIG", file.path()}})).queues;
  EXPECT_EQ(queues[1].rate, (domain::RateLimit{.per_second = 5}));
  EXPECT_EQ(queues[1].circuit, (domain::CircuitRule{.failures = 3}));
  EXPECT_EQ(queues[2].rate.per_second, 0.5);
  EXPECT_EQ(queues[2].circuit.failures, 0U) << "instead of the 10 of the kind";
  EXPECT_EQ(queues[3].rate, (domain::RateLimit{.per_second = 7, .burst = 2})) << "the long form is as it was";
  EXPECT_EQ(queues[3].circuit, (domain::CircuitRule{.failures = 0, .wait = 1min}));
}

TEST(ReadCommand, ReportsWhatIsWrongInAQueue) {
  for (const auto& [text, message] : {
           std::pair{"[queues.mail]\nworkerz = 1\n",
                     "CONFIG: FILE:2:1: a queue has no setting \"workerz\"; see docs/operations.md"},
           {"[queues.mail]\nworkers = 0\n",
            "queues.mail.workers: \"0\" (FILE:2:11) is not allowed: a whole number from 1 to 1024"},
           {"[queues.mail]\nworkers = [1]\n",
            "CONFIG: FILE:2:11: queues.mail.workers must be a whole number from 1 to 1024"},
           {"[queues.default]\nworkers = 3\n",
            "queues.default.workers: \"3\" (FILE:2:11) is not allowed: set WORKERS for the default queue"},
           {"[queues.default]\ncapacity = 3\n",
            "queues.default.capacity: \"3\" (FILE:2:12) is not allowed: set QUEUE_SIZE for the default "
            "queue"},
           {"[queues.\"a b\"]\n", "CONFIG: FILE:1:9: a queue's name is 1 to 64 of a-z, A-Z, 0-9, _, - and ."},
           {"queues = 3\n", "CONFIG: FILE:1:10: queues must be tables, as [queues.NAME]"},
           {"queues.mail = 3\n", "CONFIG: FILE:1:15: queues.mail must be a table, as [queues.mail]"},
           {"[queues.m.backoff]\nbase = \"1h\"\n",
            "queues.m.backoff.base: 1h is not allowed: it is above backoff.cap, which is 30s"},
           {"[queues.m.backoff]\npolicy = \"polynomial\"\nfactor = 2\n",
            "queues.m.backoff.factor (FILE:3:10): is not allowed: it goes with backoff.policy = "
            "\"exponential\""},
           {"[queues.m]\n\"\" = 1\n",
            "CONFIG: FILE:2:1: a queue has no setting \"\"; see docs/operations.md"},
           {"[queues.m]\nrate = 0\n",
            "queues.m.rate.per_second: \"0\" (FILE:2:8) is not allowed: a number from 0.001 to 1000000"},
           {"[queues.m]\ncircuit = [1]\n",
            "CONFIG: FILE:2:11: queues.m.circuit must be a whole number from 0 to 1000000"},
           {"[queues.m.backoff]\npolicy = \"linear\"\n",
            "queues.m.backoff.policy: \"linear\" (FILE:2:10) is not allowed: exponential or polynomial"},
           {"max_body = \"2MiB\"\n[queues.m]\ncapacity_bytes = \"1MiB\"\n",
            "queues.m.capacity_bytes: 1MiB is not allowed: it is below MAX_BODY, which is 2MiB"},
           {"[queues.m.backoff]\nbass = \"1h\"\n",
            "CONFIG: FILE:2:1: a queue has no setting \"backoff.bass\"; see docs/operations.md"},
       }) {
    const File file(text);
    auto expected = std::string(message);
    if (const auto at = expected.find("FILE"); at != std::string::npos) expected.replace(at, 4, file.path());
    EXPECT_EQ(error_of(read({}, {{"CONFIG", file.path()}})), expected);
  }
}

TEST(ReadCommand, PrintsTheEffectiveConfiguration) {
  const File file("[queues.mail]\nbackoff = [\"1s\"]\n");
  const auto command = read({"--check-config", "--config", file.path().c_str(), "--workers", "9"});
  const auto text = std::get<Print>(command.value()).text;
  for (const auto* line :
       {"WORKERS=9\n", "\n[queues.default]\nprocessor = \"simulate\"\nworkers = 9\n", "\n[queues.mail]\n",
        "backoff = [\"1s\"]\ninterruptions_max = 10\nretention = \"1d\"\ncircuit.failures = 0\nsimulate.min "
        "= \"100ms\"\n"})
    EXPECT_TRUE(text.contains(line)) << line << "\nin\n" << text;
  // What it prints of queues can be read again.
  const File printed(text.substr(text.find("\n[queues.mail]")));
  EXPECT_EQ(config_of(read({}, {{"CONFIG", printed.path()}})).queues.at(1).backoff.delays.size(), 1U);
}

TEST(ReadCommand, LeavesAQueueForRemoteWorkersWithoutWorkers) {
  const File file("[queues.work]\nprocessor = \"remote\"\n");
  const auto queue = config_of(read({}, {{"CONFIG", file.path()}})).queues.at(1);
  EXPECT_TRUE(queue.is_remote());
  EXPECT_EQ(queue.workers, 0U);
  const auto text = std::get<Print>(read({"--check-config"}, {{"CONFIG", file.path()}}).value()).text;
  const auto shown = text.substr(text.find("\n[queues.work]"));
  EXPECT_FALSE(shown.contains("workers")) << shown;
  EXPECT_TRUE(read({}, {{"CONFIG", File(shown).path()}}).has_value()) << "what it prints can be read again";
  const File wrong("[queues.work]\nworkers = 2\nprocessor = \"remote\"\n");
  EXPECT_EQ(error_of(read({}, {{"CONFIG", wrong.path()}})),
            fmt::format("queues.work.workers: \"2\" ({}:2:11) is not allowed: processor = \"remote\" has no "
                        "workers here",
                        wrong.path()));
}

TEST(ReadCommand, ReadsKeysOfKindsThatAProgramAdds) {
  const auto built_in = processors::built_in_kinds();
  std::vector<processors::ProcessorKind> kinds(built_in.begin(), built_in.end());
  kinds.push_back({.name = "own",
                   .keys = {{.name = "url", .allowed = "any text"},
                            {.name = "own.list",
                             .allowed = "a list of numbers from 1 to 9",
                             .type = processors::Whole{.low = 1, .high = 9},
                             .is_list = true}},
                   .circuit_failures = 3,
                   .make = [](const auto&) { return std::unexpected(std::string("not in this test")); }});
  const File file("[queues.a]\nprocessor = \"own\"\nurl = \"not a URL\"\nown.list = [9, 1]\n");
  const auto queue = config_of(read({}, {{"CONFIG", file.path()}}, kinds)).queues.at(1);
  std::vector<int> numbers;
  queue.values.get("own.list", numbers);
  EXPECT_EQ(numbers, (std::vector{9, 1}));
  EXPECT_EQ(queue.circuit.failures, 3U);
  const auto shown = std::get<Print>(read({"--check-config"}, {{"CONFIG", file.path()}}, kinds).value()).text;
  EXPECT_TRUE(shown.ends_with("url = \"not a URL\"\nown.list = [9, 1]\n")) << shown;
  const File other("[queues.a]\nown.list = []\n");
  EXPECT_EQ(error_of(read({}, {{"CONFIG", other.path()}}, kinds)),
            fmt::format("queues.a.own.list ({}:2:12): is not allowed: it goes with processor = \"own\"",
                        other.path()));
}

TEST(ReadCommand, KeysOfProcessorsDifferFromThoseOfEveryQueue) {
  for (const auto& kind : processors::built_in_kinds())
    for (const auto& key : kind.keys)
      EXPECT_EQ(std::ranges::find(queue_settings(), key.name, &QueueSetting::name), queue_settings().end())
          << key.name;
}

TEST(ReadCommand, ReportsAFileThatCannotBeRead) {
  EXPECT_TRUE(error_of(read({"--config", "/nowhere/jobqd.toml"})).starts_with("CONFIG: /nowhere/jobqd.toml"));
  EXPECT_EQ(error_of(read({"--config", "/"})), "CONFIG: /: Is a directory");
}

TEST(ReadCommand, RefusesFlagsThatAreNotThere) {
  for (const auto& flags : std::initializer_list<std::vector<const char*>>{
           {"--worker", "3"}, {"extra"}, {"--workers"}, {"-x"}, {"--workers", "1", "--workers", "2"}})
    EXPECT_TRUE(error_of(read(flags)).ends_with("; see jobqd --help")) << flags.front();
}

TEST(ReadCommand, PrintsHelpAndVersion) {
  const auto help = read({"--help"});
  ASSERT_TRUE(help.has_value());
  for (const auto& setting : settings())
    EXPECT_TRUE(std::get<Print>(*help).text.contains(setting.flag() + " ")) << setting.name;
  const auto version = read({"--version"});
  ASSERT_TRUE(version.has_value());
  EXPECT_TRUE(std::get<Print>(*version).text.starts_with("jobqd "));
}

TEST(ReadCommand, KnowsTheOtherCommands) {
  const auto check = read({"check", "jobs.db"});
  ASSERT_TRUE(check.has_value());
  EXPECT_EQ(std::get<Check>(*check).path, "jobs.db");
  const auto backup = read({"backup", "jobs.db", "copy.db"});
  ASSERT_TRUE(backup.has_value());
  EXPECT_EQ(std::get<Backup>(*backup).from, "jobs.db");
  EXPECT_EQ(std::get<Backup>(*backup).to, "copy.db");
  EXPECT_NE(error_of(read({"backup", "jobs.db"})), "none");
}

}  // namespace jobqd::app
