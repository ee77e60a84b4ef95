#include "http/calls/api_fixture.hpp"

#include <jobqd/stores/embedded_store.hpp>

#include "support/attempts.hpp"

namespace jobqd::http {

ApiTest::ApiTest()
    : store(stores::open_memory_store(
          {.queues = {{.name = "default", .capacity = 2, .processor = {.name = "simulate", .workers = 4}}}},
          {.clock = clock, .random = random, .observer = observer})),
      api(std::make_unique<Api>(*store, clock, random)) {
  api->serve();
}

std::shared_ptr<FakeExchange> ApiTest::ask(std::string_view method, std::string path, std::string body,
                                           const Fields& fields, Query query) {
  auto exchange = std::make_shared<FakeExchange>(room);
  std::vector<HeaderField> head;
  for (const auto& [name, value] : fields) head.push_back({.name = name, .value = value});
  Request request{.method = method,
                  .path = std::move(path),
                  .query = std::move(query),
                  .body = std::move(body),
                  .fields = head};
  api->handle(request, exchange);
  return exchange;
}

engine::Claim ApiTest::claim() {
  return support::claim(*store).value();
}

void ApiTest::settle(const engine::Claim& claim, engine::Outcome outcome) {
  ASSERT_TRUE(support::settle(*store, claim, std::move(outcome)));
}

}  // namespace jobqd::http
