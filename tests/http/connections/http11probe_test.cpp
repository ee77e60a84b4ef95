// The project's own listener and session under the 189 requests of Http11Probe.

#include "http/connections/http11probe.hpp"

#include <algorithm>
#include <atomic>
#include <iostream>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "http/calls/router.hpp"
#include "http/connections/test_server.hpp"
#include "support/suites.hpp"

namespace jobqd::http {

namespace {

/// Cases that fail on purpose, each with the reason.
struct Exception {
  std::string_view id;
  std::string_view reason;
};
constexpr std::array<Exception, 2> exceptions{{
    {"MAL-POST-CL-HUGE-NO-BODY",
     "413 at once is what RFC 9110 section 15.5.14 has for a body over the limit"},
    {"MAL-LONG-METHOD",
     "431: nothing is looked for in a head that is over the limit, so what is long in it is not known"},
}};

constexpr std::string_view suite = "http11probe-cases.json";

/// What the suite expects to find at `/`.
Handler echo() {
  const auto answer = [](const Request& request, const ExchangePtr& exchange) {
    exchange->respond({.content_type = "text/plain", .body = request.method == "POST" ? request.body : "OK"});
  };
  const Router router({{"GET", "/", Access::read, {}, answer}, {"POST", "/", Access::enqueue, {}, answer}});
  return [router](Request& request, ExchangePtr exchange) {
    if (const auto* const route = router.find(request)) return route->handler(request, std::move(exchange));
    exchange->respond(router.answer_without_route(request));
  };
}

std::vector<ProbeResult> probe_all(const std::vector<ProbeCase>& cases, std::uint16_t port) {
  std::vector<ProbeResult> results(cases.size());
  std::atomic<std::size_t> next{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 24; ++i)
    threads.emplace_back([&] {
      for (auto at = next++; at < cases.size(); at = next++) results[at] = probe(cases[at], port);
    });
  threads.clear();  // joins them
  return results;
}

bool is_excepted(const ProbeCase& probe_case) {
  return std::ranges::find(exceptions, probe_case.id, &Exception::id) != exceptions.end();
}

void print(std::string_view verdict, const ProbeCase& probe_case, const ProbeResult& result) {
  std::cout << fmt::format("{:<4} {:<13} {:<34} {:<18} expected {}\n", verdict,
                           probe_case.level + (probe_case.scored ? "" : "*"), probe_case.id, result.reaction,
                           probe_case.expected);
}

}  // namespace

TEST(Http11Probe, FindsNothingWrong) {
  JOBQD_SKIP_WITHOUT_SUITE(std::string(suite));
  const auto cases = read_probe_cases(support::suite_file(std::string(suite)));
  ASSERT_EQ(cases.size(), 189U);
  TestServer server({}, echo());
  const auto results = probe_all(cases, server.port());

  std::array<int, 3> count{};
  std::cout << "(* is not scored)\n";
  for (std::size_t i = 0; i < cases.size(); ++i) {
    ++count.at(static_cast<std::size_t>(results[i].verdict));
    if (results[i].verdict == Verdict::warn) print("warn", cases[i], results[i]);
    if (results[i].verdict != Verdict::fail) continue;
    print(is_excepted(cases[i]) ? "(ok)" : "FAIL", cases[i], results[i]);
    EXPECT_TRUE(is_excepted(cases[i])) << cases[i].id << ": " << cases[i].description;
  }
  std::cout << fmt::format("{} passed, {} warned, {} failed\n", count[0], count[1], count[2]);

  for (const auto& exception : exceptions) {
    const auto at = std::ranges::find(cases, exception.id, &ProbeCase::id);
    ASSERT_NE(at, cases.end()) << exception.id;
    EXPECT_EQ(results[static_cast<std::size_t>(at - cases.begin())].verdict, Verdict::fail)
        << exception.id << " passes: take it out of the exceptions";
  }
}

}  // namespace jobqd::http
