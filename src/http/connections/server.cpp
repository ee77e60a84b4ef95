#include <jobqd/http/server.hpp>

#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <jobqd/base/thread_name.hpp>

#include "http/calls/api.hpp"
#include "http/connections/listener.hpp"

namespace jobqd::http {

class Server::Impl {
 public:
  Impl(const ServerOptions& options, engine::Store& store, const base::Clock& clock, base::Random& random,
       std::vector<Observer*> observers)
      : api(store, clock, random), listener(io, options, clock, api, std::move(observers)) {}

  Api api;
  boost::asio::io_context io{1};  // One thread: on two cores a second one costs more than it brings.
  Listener listener;
  std::jthread thread;
};

Server::Server(const ServerOptions& options, engine::Store& store, const base::Clock& clock,
               base::Random& random, std::vector<Observer*> observers)
    : impl_(std::make_unique<Impl>(options, store, clock, random, std::move(observers))) {}

Server::~Server() {
  request_stop(base::milliseconds{0});
  join();
}

std::expected<void, std::string> Server::listen(Port port) {
  return impl_->listener.open(std::move(port));
}

std::uint16_t Server::port() const {
  return impl_->listener.port();
}

void Server::start() {
  if (impl_->thread.joinable()) return;
  impl_->listener.start();
  impl_->thread = std::jthread([this] {
    base::name_this_thread("http");
    impl_->io.run();
  });
}

void Server::serve() {
  impl_->api.serve();
}

void Server::drain() {
  impl_->api.drain();
}

void Server::request_stop(base::milliseconds grace) {
  boost::asio::post(impl_->io, [this, grace] { impl_->listener.stop(grace); });
}

void Server::join() {
  if (impl_->thread.joinable()) impl_->thread.join();
}

}  // namespace jobqd::http
