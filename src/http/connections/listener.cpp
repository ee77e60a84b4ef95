#include "http/connections/listener.hpp"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "http/requests/response_writer.hpp"

namespace jobqd::http {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr base::milliseconds sweep_interval{250};
/// Connections beyond the limit that are answered once; more than these are just closed.
constexpr std::size_t beyond_limit_at_once = 64;
/// What answers in pieces, lists and leases, may hold in all.
constexpr std::size_t budget_bytes = 64UL * 1024 * 1024;

}  // namespace

Listener::Listener(asio::io_context& io, const ServerOptions& options, const base::Clock& clock,
                   Service& service, std::vector<Observer*> observers)
    : context_{.executor = io.get_executor(),
               .options = options,
               .service = service,
               .clock = clock,
               .observers = Observers(std::move(observers)),
               .turns = Turns(io.get_executor()),
               .budget = AnswerBudget(budget_bytes, context_.options.max_connections)},
      sweeper_(io) {
  tick();
}

std::expected<void, std::string> Listener::open(Port port, std::shared_ptr<Tls> tls) {
  const auto number = port.number();
  error_code code;
  acceptors_.emplace_back(
      context_.executor, std::move(port),
      [this, tls = std::move(tls)](Socket socket) { admit(std::move(socket), tls.get()); }, code);
  if (!code && port_ == 0) port_ = number;
  if (!code) return {};
  acceptors_.pop_back();
  return std::unexpected(fmt::format("cannot serve port {}: {}", number, code.message()));
}

void Listener::start() {
  for (auto& acceptor : acceptors_) acceptor.start();
  sweep();
}

void Listener::admit(Socket socket, const Tls* tls) {
  const auto served = context_.sessions.size() - context_.beyond_limit;
  const bool is_regular = served < context_.options.max_connections;
  if (is_regular || context_.beyond_limit < beyond_limit_at_once) {
    auto transport = tls == nullptr ? plain_transport(std::move(socket))
                                    : tls_transport(std::move(socket), *tls->context());
    const auto place = is_regular ? Session::Place::regular : Session::Place::beyond_limit;
    if (transport != nullptr) return Session::start(std::move(transport), context_, place);
  }
  context_.observers.connection_refused();
}

void Listener::tick() {
  const auto now = context_.clock.now();
  context_.moment.now = now.steady;
  context_.moment.date = http_date(now.wall);
}

/// What is done to one session may end others.
void Listener::for_each_session(const std::function<void(Session&)>& act) {
  for (Session* session : std::vector(context_.sessions.begin(), context_.sessions.end())) {
    if (!context_.sessions.contains(session)) continue;
    // Empty while the session is on its way out.
    if (const auto alive = session->weak_from_this().lock()) act(*alive);
  }
}

void Listener::sweep() {
  tick();
  const bool out_of_time = context_.moment.stopping && context_.moment.now >= stop_deadline_;
  for_each_session([&](Session& session) { out_of_time ? session.close() : session.sweep(); });
  if (context_.moment.stopping && context_.sessions.empty()) return;
  sweeper_.expires_after(context_.moment.stopping ? base::milliseconds{10} : sweep_interval);
  sweeper_.async_wait([this](const error_code& code) {
    if (!code) sweep();
  });
}

void Listener::stop(base::milliseconds grace) {
  if (std::exchange(context_.moment.stopping, true)) return;
  for (auto& acceptor : acceptors_) acceptor.close();
  tick();
  stop_deadline_ = context_.moment.now + grace;
  for_each_session([](Session& session) { session.wind_down(); });
  sweeper_.cancel();
  sweep();
}

}  // namespace jobqd::http
