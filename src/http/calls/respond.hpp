#pragma once

#include <utility>

#include <jobqd/engine/callback.hpp>

#include "http/message.hpp"

namespace jobqd::http {

/// Answers with 204, or with the problem. For calls whose result does not concern the client.
template <class Result>
[[nodiscard]] engine::Callback<Result> respond_with_nothing(ExchangePtr exchange) {
  return [exchange = std::move(exchange)](const engine::Expected<Result>& done) {
    exchange->respond(done ? Response{.status = 204, .content_type = ""} : problem(done.error()));
  };
}

}  // namespace jobqd::http
