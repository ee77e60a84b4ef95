#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_set>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include <jobqd/http/observer.hpp>
#include <jobqd/http/server.hpp>

#include "http/connections/conversation.hpp"
#include "http/connections/transport.hpp"
#include "http/connections/turns.hpp"
#include "http/message.hpp"

namespace jobqd::http {

class Session;

/// What all connections of one listener share. Used on the listener's thread only.
struct ConnectionContext {
  Executor executor;
  ServerOptions options;
  Service& service;
  const base::Clock& clock;
  Observers observers;
  Moment moment = {};
  Turns turns;
  AnswerBudget budget;
  std::unordered_set<Session*> sessions = {};
  std::vector<std::shared_ptr<Session>> unsent = {};  ///< Send their answers at the end of this turn.
  std::size_t beyond_limit = 0;                       ///< How many of the sessions are beyond the limit.
};

/// One connection: performs what its Conversation decides, by a Transport, and is the exchange of each of its
/// requests, one after the other.
///
/// Lives as long as an operation or an exchange holds it. It is destroyed on the listener's thread, whichever
/// thread released it last. All calls come on that thread, except those that Exchange allows on any. Timeouts
/// come from sweep(), not from a timer each.
class Session final : public Exchange,
                      public Transport::User,
                      public Turns::Taker,
                      public std::enable_shared_from_this<Session> {
 public:
  using Place = Conversation::Place;

  /// Serves requests until either side closes; beyond the limit one, which has to be a probe.
  static void start(std::unique_ptr<Transport> transport, ConnectionContext& context, Place place);
  ~Session() override;

  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Closes if it has run out of time.
  void sweep();

  /// The server stops: Moment says so.
  void wind_down() { run(); }

  /// Closes, whatever is going on.
  void close();

  void respond(Response response) override;
  void begin(Response head) override;
  void write(std::string bytes) override;
  void end() override;
  void when_room(Produce produce) override;
  void after(base::milliseconds wait, std::function<void()> function) override;

 private:
  /// A request that is with its handler.
  struct Handled {
    Request request;
    std::string_view method;   ///< As observers are told.
    base::SteadyTime begun{};  ///< When it was complete, if anybody observes.
    unsigned status = 0;       ///< Of the answer in pieces, once it has begun.
  };

  /// What a handler waits to do. Dropped once the answer is complete.
  struct Wait {
    boost::asio::steady_timer timer;
    std::function<void()> function;
  };

  Session(std::unique_ptr<Transport> transport, ConnectionContext& context, Place place);

  void contain(auto action);
  void run();
  void perform(Conversation::Action action);
  void opened() override;
  void read_done(const boost::system::error_code& code, std::size_t bytes) override;
  void write_done(const boost::system::error_code& code, std::size_t bytes) override;
  std::size_t take_turn() override;

  void handle();
  void serve();
  void produce();
  void refuse();
  void on_thread(auto action);
  void report(const Change& change);
  void finished(unsigned status);
  void end_wait();
  void send_soon();
  void send();
  void sent(const boost::system::error_code& code, std::size_t bytes);
  void hold(std::size_t bytes);
  [[nodiscard]] base::SteadyTime observed_now() const;

  std::unique_ptr<Transport> transport_;
  ConnectionContext& context_;
  Conversation conversation_;
  const Place place_;
  std::optional<Handled> handled_;
  std::shared_ptr<Wait> wait_;
  Produce produce_;       ///< Makes the next piece of the present answer.
  std::size_t held_ = 0;  ///< Of the budget.
  bool running_ = false;  ///< run() is on the stack.
};

}  // namespace jobqd::http
