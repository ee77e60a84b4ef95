#include "http/connections/test_server.hpp"

#include <charconv>
#include <stdexcept>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include "http/connections/listener.hpp"
#include "support/patience.hpp"

namespace jobqd::http {

class TestServer::Impl final : public Service {
 public:
  Impl(ServerOptions options, const base::Clock& clock, Handler serve, std::vector<Observer*> observers)
      : handler(std::move(serve)), listener(io, std::move(options), clock, *this, std::move(observers)) {}

  void handle(Request& request, ExchangePtr exchange) override { handler(request, std::move(exchange)); }

  [[nodiscard]] bool answers_beyond_limit(const Request& request) const override {
    return request.path == "/probe";
  }

  Handler handler;
  boost::asio::io_context io{1};
  Listener listener;
  std::jthread thread;
};

TestServer::TestServer(ServerOptions options, Handler handler, std::vector<Observer*> observers) {
  if (!handler)
    handler = [this](Request& request, ExchangePtr exchange) {
      answer_or_hold(request, std::move(exchange));
    };
  impl_ = std::make_unique<Impl>(std::move(options), clock, std::move(handler), std::move(observers));
  auto port = Port::open("127.0.0.1", 0);
  if (!port) throw std::runtime_error(port.error());
  if (const auto taken = impl_->listener.open(*std::move(port)); !taken)
    throw std::runtime_error(taken.error());
  port_ = impl_->listener.port();
  impl_->listener.start();
  impl_->thread = std::jthread([this] { impl_->io.run(); });
}

TestServer::~TestServer() {
  request_stop(base::milliseconds{0});
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& exchange : held_) exchange->respond({.body = "too late"});
  }
  join();
}

bool TestServer::holds_one_within(base::milliseconds time) {
  std::unique_lock lock(mutex_);
  return held_more_.wait_for(lock, time, [this] { return !held_.empty(); });
}

ExchangePtr TestServer::held() {
  if (!holds_one_within(support::patience)) throw std::runtime_error("no request for /hold came");
  const std::scoped_lock lock(mutex_);
  auto exchange = std::move(held_.front());
  held_.pop_front();
  return exchange;
}

void TestServer::request_stop(base::milliseconds grace) {
  boost::asio::post(impl_->io, [this, grace] { impl_->listener.stop(grace); });
}

void TestServer::join() {
  if (impl_->thread.joinable()) impl_->thread.join();
}

void TestServer::answer_or_hold(const Request& request, ExchangePtr exchange) {
  constexpr std::string_view size_prefix = "/size/";
  if (request.path == "/hold") {
    const std::scoped_lock lock(mutex_);
    held_.push_back(std::move(exchange));
    held_more_.notify_all();
  } else if (request.path == "/wait") {
    exchange->after(std::chrono::hours{1},
                    [weak = std::weak_ptr(exchange)] { weak.lock()->respond({.body = "waited"}); });
    exchange.reset();
  } else if (request.path == "/throw") {
    throw std::runtime_error("a bug");
  } else if (request.path.starts_with(size_prefix)) {
    std::size_t kib = 0;
    std::from_chars(request.path.data() + size_prefix.size(), request.path.data() + request.path.size(), kib);
    exchange->respond({.body = std::string(kib * 1024, 'x')});
  } else {
    exchange->respond({.content_type = "text/plain",
                       .body = fmt::format("{} {} {}", request.method, request.path, request.body)});
  }
}

}  // namespace jobqd::http
