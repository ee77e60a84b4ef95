// How the command line, the environment and the file make a configuration.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "app/settings/readings.hpp"
#include "app/settings/settings.hpp"
#include "support/temporary_folder.hpp"

namespace jobqd::app {

using namespace std::chrono_literals;

TEST(ReadCommand, HasDefaults) {
  const auto config = config_of(read({}));
  EXPECT_EQ(config.workers, 4U);
  EXPECT_EQ(config.queue_size, 64U);
  EXPECT_EQ(config.listen.front().host, "127.0.0.1");
  EXPECT_EQ(config.listen.front().port, 8080);
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

TEST(ReadCommand, KnowsWhyTheLogLevelOfTheFileHasNoEffect) {
  const File file("log_level = \"debug\"\n");
  const auto held = [&](std::vector<const char*> flags, Variables variables) {
    variables.emplace("CONFIG", file.path());
    return config_of(read(std::move(flags), variables)).log_level_held;
  };
  EXPECT_EQ(held({}, {}), "");
  EXPECT_EQ(held({}, {{"LOG_LEVEL", "info"}}), "the environment sets it, which overrides the file");
  EXPECT_EQ(held({"--log-level", "info"}, {{"LOG_LEVEL", "info"}}),
            "a flag sets it, which overrides the file");
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
       {"0.0.0.0:8080", "127.0.0.1:0", "[::1]:65535", "[::]:1", "localhost:80", "[fe80::1%eth0]:80",
        "127.0.0.1:80,[::1]:80", "127.0.0.1:80, unix:/run/jobqd.sock", "unix:jobqd.sock"})
    EXPECT_EQ(error_of(read({}, {{"LISTEN", listen}})), "none") << listen;
  for (const auto* listen : {"8080",
                             ":8080",
                             "example.org:80",
                             "127.0.0.1",
                             "127.0.0.1:",
                             "127.0.0.1:65536",
                             "127.0.0.1:-1",
                             "256.0.0.1:80",
                             "1.2.3:80",
                             "::1:80",
                             "[127.0.0.1]:80",
                             "[::g]:80",
                             "[::1]",
                             "[]:80",
                             "127.0.0.1:80 ",
                             "",
                             ",",
                             "127.0.0.1:80,",
                             "unix:",
                             "tls:8080",
                             "tls:unix:/a",
                             "tls:tls:127.0.0.1:80",
                             "http://127.0.0.1:80"})
    EXPECT_NE(error_of(read({}, {{"LISTEN", listen}})), "none") << listen;
  std::string many = "127.0.0.1:0";
  for (int more = 1; more < 16; ++more) many += ",127.0.0.1:0";
  EXPECT_EQ(error_of(read({}, {{"LISTEN", many}})), "none");
  EXPECT_NE(error_of(read({}, {{"LISTEN", many + ",127.0.0.1:0"}})), "none");
}

TEST(ReadCommand, WantsACertificateWhereItListensWithTlsAndNowhereElse) {
  EXPECT_EQ(error_of(read({}, {{"LISTEN", "127.0.0.1:80,tls:[::1]:443"}})),
            "LISTEN: tls:[::1]:443 needs TLS_CERT and TLS_KEY");
  EXPECT_EQ(error_of(read({}, {{"TLS_KEY", "key.pem"}})),
            "TLS_KEY: \"key.pem\" has no effect: no address of LISTEN begins with tls:");
  EXPECT_EQ(error_of(read({}, {{"TLS_CERT", "none"}})), "none");
  EXPECT_EQ(error_of(read({}, {{"LISTEN", "tls:0.0.0.0:443"},
                               {"TLS_CERT", "cert.pem"},
                               {"TLS_KEY", "key.pem"},
                               {"TLS_CLIENT_AUTH", "required"}})),
            "TLS_CLIENT_AUTH: \"required\" needs TLS_CLIENT_CA");
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

TEST(ReadCommand, PrintsTheEffectiveConfiguration) {
  const File file("[queues.mail]\nbackoff = [\"1s\"]\n");
  const auto text = printed({"--config", file.path().c_str(), "--workers", "9"});
  for (const auto* line :
       {"workers = 9\n", "listen = \"127.0.0.1:8080\"\n", "simulate_failure_rate = 0.2\n",
        "\n[queues.default]\nprocessor = \"simulate\"\nmax_retries = 0\n", "\n[queues.mail]\n",
        "backoff = [\"1s\"]\ninterruptions_max = 10\nretention = \"1d\"\ncircuit.failures = 0\nsimulate.min "
        "= \"100ms\"\n"})
    EXPECT_TRUE(text.contains(line)) << line << "\nin\n" << text;
  EXPECT_FALSE(text.contains("config")) << "a file cannot name itself";
}

TEST(ReadCommand, WhatItPrintsIsAFileThatSaysTheSame) {
  for (const auto* text :
       {"", "[queues.a]\n", "backoff_cap = \"7d\"\nlisten = \"[::1]:80\"\n[queues.a]\n",
        "simulate_failure_rate = 0.000001\nqueue_size = 7\n[queues.default]\nmax_retries = 3\ncapacity_bytes "
        "= "
        "\"3MiB\"\nrate = 0.5\n",
        "[queues.\"a.b\"]\nprocessor = \"remote\"\nbackoff = [\"1500ms\", \"30d\"]\ncircuit = 3\n",
        "[queues.a]\nprocessor = \"exec\"\ncommand = [\"/bin/echo\", \"\\\"\\n\"]\ntimeout = \"1h\"\n",
        "[queues.a]\nbackoff = { factor = 1.5, jitter = \"none\" }\nrate = { per_second = 3, burst = 2 }\n",
        "[queues.a]\nprocessor = \"http\"\nurl = \"https://x.org/\"\nreject_on = [404, 500]\n"}) {
    SCOPED_TRACE(text);
    const File file(text);
    const auto first = printed({"--config", file.path().c_str()});
    const File again(first);
    EXPECT_EQ(printed({"--config", again.path().c_str()}), first);
  }
}

TEST(ReadCommand, FindsAllFaultsWhereItOnlyChecks) {
  const File file(
      "worker = 1\nqueue_size = 0\n[queues.\"a b\"]\n[queues.m]\nworkers = 0\nbass = 1\nrate = 0\n"
      "[queues.n]\nprocessor = \"odd\"\n[queues.o]\ncapacity_bytes = \"1KiB\"\nbackoff = { policy = "
      "\"polynomial\", base = \"1s\", jitter = \"none\" }\n[queues.p]\nbackoff.base = \"1h\"\nprocessor = "
      "\"http\"\n");
  const Variables variables{{"CONFIG", file.path()}, {"MAX_BODY", "1"}};
  const auto all = error_of(read({"--check-config", "--log-level", "loud"}, variables));
  for (const auto* fault :
       {"there is no setting \"worker\"", "a queue's name is 1 to 64", "queue_size",
        "queues.m.workers: \"0\"", "no setting \"bass\"", "queues.m.rate.per_second: \"0\"",
        "queues.n.processor: \"odd\"", "MAX_BODY: \"1\" (environment)", "LOG_LEVEL: \"loud\" (flag)",
        "queues.o.backoff.base", "queues.o.backoff.jitter", "queues.p.backoff.base: 1h is not allowed"}) {
    const auto text = std::string_view(fault) == "queue_size" ? "QUEUE_SIZE: \"0\"" : fault;
    EXPECT_TRUE(all.contains(text)) << text << "\nin\n" << all;
  }
  EXPECT_FALSE(all.contains("below MAX_BODY")) << "which is not known";
  EXPECT_EQ(std::ranges::count(all, '\n'), 11) << all;
  const auto first = error_of(read({"--log-level", "loud"}, variables));
  EXPECT_EQ(first, all.substr(0, all.find('\n'))) << "a start says the first";
}

TEST(ReadCommand, ReportsAFileThatCannotBeRead) {
  EXPECT_TRUE(error_of(read({"--config", "/nowhere/jobqd.toml"})).starts_with("CONFIG: /nowhere/jobqd.toml"));
  EXPECT_EQ(error_of(read({"--config", "/"})), "CONFIG: /: Is a directory");
  const support::TemporaryFolder folder;
  const auto path = (folder / "jobqd.toml").string();
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(error_of(read({"--config", path.c_str()})), fmt::format("CONFIG: {}: it is not a file", path));
  std::filesystem::remove(path);
  std::ofstream(path) << std::string((16UL << 20U) + 1, '#');
  EXPECT_EQ(error_of(read({"--config", path.c_str()})),
            fmt::format("CONFIG: {}: it is larger than 16MiB", path));
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
