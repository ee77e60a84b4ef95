// How the tables of the file make queues.

#include <algorithm>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "app/settings/queue_settings.hpp"
#include "app/settings/readings.hpp"

namespace jobqd::app {

using namespace std::chrono_literals;

TEST(ReadQueues, ReadsQueuesOfTheFile) {
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

TEST(ReadQueues, MakesTheDefaultQueueAlways) {
  const auto queues = config_of(read({})).queues;
  ASSERT_EQ(queues.size(), 1U);
  EXPECT_EQ(queues[0].name, "default");
  EXPECT_EQ(queues[0].capacity, 64U);
  const File file("[queues.default]\nmax_retries = 3\n");
  EXPECT_EQ(config_of(read({}, {{"CONFIG", file.path()}})).queues.at(0).max_retries, 3U);
}

TEST(ReadQueues, AQueueOfTheFileKeepsItsJobs) {
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

TEST(ReadQueues, WhatIsSaidAboutBackoffHolds) {
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

TEST(ReadQueues, RateAndCircuitHaveShortForms) {
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

TEST(ReadQueues, ReportsWhatIsWrongInAQueue) {
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

TEST(ReadQueues, LeavesAQueueForRemoteWorkersWithoutWorkers) {
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

TEST(ReadQueues, ReadsKeysOfKindsThatAProgramAdds) {
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

TEST(ReadQueues, KeysOfProcessorsDifferFromThoseOfEveryQueue) {
  for (const auto& kind : processors::built_in_kinds())
    for (const auto& key : kind.keys)
      EXPECT_EQ(std::ranges::find(queue_settings(), key.name, &QueueSetting::name), queue_settings().end())
          << key.name;
}

}  // namespace jobqd::app
