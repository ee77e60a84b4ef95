#include <jobqd/http/server.hpp>

#include <utility>

#include <boost/asio/post.hpp>

#include "http/calls/api.hpp"
#include "http/connections/event_loop.hpp"
#include "http/connections/listener.hpp"

namespace jobqd::http {

class Server::Impl {
 public:
  Impl(const ServerOptions& options, engine::Store& store, const base::Clock& clock, base::Random& random,
       std::vector<Observer*> observers, MetricsText* metrics, QueueHistory* history)
      : api(store, clock, random, metrics, history, options.traceparent_of),
        loop(store, clock),
        listener(loop.context(), options, clock, api, std::move(observers)) {}

  Api api;
  EventLoop loop;
  Listener listener;
  bool started = false;
};

Server::Server(const ServerOptions& options, engine::Store& store, const base::Clock& clock,
               base::Random& random, std::vector<Observer*> observers, MetricsText* metrics,
               QueueHistory* history)
    : impl_(std::make_unique<Impl>(options, store, clock, random, std::move(observers), metrics, history)) {}

Server::~Server() {
  request_stop(base::milliseconds{0});
  join();
}

std::expected<void, std::string> Server::listen(Port port, std::shared_ptr<Tls> tls) {
  return impl_->listener.open(std::move(port), std::move(tls));
}

std::uint16_t Server::port() const {
  return impl_->listener.port();
}

void Server::start() {
  if (std::exchange(impl_->started, true)) return;
  impl_->listener.start();
  impl_->loop.start();
}

void Server::serve() {
  impl_->api.serve();
}

void Server::drain() {
  impl_->api.drain();
}

void Server::request_stop(base::milliseconds grace) {
  boost::asio::post(impl_->loop.context(), [this, grace] { impl_->listener.stop(grace); });
}

void Server::join() {
  impl_->loop.join();
}

}  // namespace jobqd::http
