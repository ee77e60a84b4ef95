#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <jobqd/engine/observer.hpp>
#include <jobqd/engine/store.hpp>

#include "http/calls/api.hpp"
#include "http/calls/fake_exchange.hpp"
#include "support/manual_clock.hpp"

namespace jobqd::http {

/// The API over a real store in memory with two places, at 2026-01-01T00:00:00Z, without a connection. No
/// worker runs: a test takes the jobs itself.
class ApiTest : public testing::Test {
 protected:
  using Fields = std::multimap<std::string, std::string, std::less<>>;
  using Query = std::vector<std::pair<std::string, std::string>>;

  ApiTest();

  /// Asks, and does not wait for the answer.
  std::shared_ptr<FakeExchange> ask(std::string_view method, std::string path, std::string body = {},
                                    const Fields& fields = {}, Query query = {});

  Response get(std::string path, Query query = {}) {
    return ask("GET", std::move(path), {}, {}, std::move(query))->response();
  }
  Response post(std::string path) { return ask("POST", std::move(path))->response(); }
  Response enqueue(std::string body, const Fields& fields = {}) {
    return ask("POST", "/enqueue", std::move(body), fields)->response();
  }

  /// The job as the API shows it.
  nlohmann::json job(const std::string& id) { return nlohmann::json::parse(get("/v1/jobs/" + id).body); }

  /// Starts the next job that is ready.
  engine::Claim claim();
  void settle(const engine::Claim& claim, engine::Outcome outcome = engine::Done{});

  /// Every job there is, to see that nothing has changed.
  std::string everything() { return get("/v1/jobs").body; }

  Room room = {};  ///< For each piece of an answer.
  support::ManualClock clock;
  base::Random random{1};
  engine::Observer observer;
  std::unique_ptr<engine::Store> store;
  std::unique_ptr<Api> api;
};

}  // namespace jobqd::http
