#include "http/calls/api_fixture.hpp"

#include <stdexcept>

#include <jobqd/stores/embedded_store.hpp>

namespace jobqd::http {

ApiTest::ApiTest()
    : store(stores::open_memory_store({.queues = {{.name = "default", .capacity = 2}}}, clock, [] {})),
      remote(
          std::make_unique<engine::RemoteWorkers>(*store, engine::RemoteWorkers::Queues{}, random, observer)),
      api(std::make_unique<Api>(*store, *remote, clock, random)) {}

std::shared_ptr<FakeExchange> ApiTest::ask(std::string_view method, std::string path, std::string body,
                                           const Fields& fields, Query query) {
  auto exchange = std::make_shared<FakeExchange>();
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
  auto claim = store->claim("default", patience_.token());
  if (!claim) throw std::logic_error("no job was ready");
  return *std::move(claim);
}

void ApiTest::settle(const engine::Claim& claim, engine::Resolution resolution) {
  ASSERT_TRUE(store->settle(claim, std::move(resolution)));
}

}  // namespace jobqd::http
