#include "http/calls/openapi.hpp"

#include <string>

#include "http/openapi_document.hpp"

namespace jobqd::http {

namespace {

void describe(const Request& /*request*/, const ExchangePtr& exchange) {
  exchange->respond({.body = std::string(openapi_document)});
}

}  // namespace

std::vector<Route> OpenApiCalls::routes() {
  return {{"GET", "/openapi.json", Access::open, {}, describe}};
}

}  // namespace jobqd::http
