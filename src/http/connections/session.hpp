#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <jobqd/http/server.hpp>

#include "http/message.hpp"
#include "http/requests/request_reader.hpp"

namespace jobqd::http {

class Session;

/// Sockets know that their executor is an io_context's, which spares an allocation and several indirect calls
/// at every step.
using Executor = boost::asio::io_context::executor_type;
using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Executor>;

/// What all connections of one listener share. Used on the listener's thread only.
struct ConnectionContext {
  ServerOptions options;
  Service& service;
  base::SteadyTime now{};  ///< As of the last sweep: deadlines need no better.
  std::string date = {};   ///< The Date header's value, renewed by each sweep.
  bool stopping = false;   ///< Answer what is open, then close.
  std::unordered_set<Session*> sessions = {};
  std::vector<std::shared_ptr<Session>> unsent = {};  ///< Have answers to send, and do so soon.
  std::size_t beyond_limit = 0;                       ///< How many of them are one too many.
};

/// One connection: reads requests, has them answered one after the other, writes the answers in order.
///
/// Lives as long as an operation or an exchange holds it, and ends on the listener's thread, whoever let go
/// of it last. All on that thread but respond(). Timeouts come from sweep(), not from a timer each.
class Session final : public Exchange, public std::enable_shared_from_this<Session> {
 public:
  static std::shared_ptr<Session> make(Socket socket, ConnectionContext& context);
  ~Session() override;

  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Serves requests until either side closes.
  void start();

  /// Answers one request: a probe as always, any other with an error. Then closes.
  void start_beyond_limit();

  /// Closes what has run out of time.
  void sweep();

  /// Closes at once when idle, else after the present answer; who waits for something is answered now.
  void wind_down();

  /// Closes, whatever is going on.
  void close();

  void respond(Response response) override;
  void begin(Response head) override;
  void write(std::string bytes) override;
  void end() override;
  void when_room(Produce produce) override;
  void after(base::milliseconds wait, std::function<void()> function) override;
  void when_gone(std::function<void()> function) override;

 private:
  Session(Socket socket, ConnectionContext& context);

  enum class Phase : std::uint8_t { idle, head, body, handling, writing, lingering };

  void enter(Phase phase);
  void read();
  void on_read(const boost::system::error_code& code, std::size_t bytes);
  void process();
  bool step();
  void watch();
  void on_watched(const boost::system::error_code& code);
  void handle();
  void on_thread(auto action);
  void answer(Response response);
  void append_piece(std::string_view bytes);
  void finish_answer();
  void ask_for_piece();
  void append(Response response);
  void refuse(const domain::Error& error);
  void send_soon();
  bool send();
  void send_rest(std::size_t sent);
  void on_write(const boost::system::error_code& code);
  void linger();

  Socket socket_;
  ConnectionContext& context_;
  RequestReader reader_;
  boost::beast::flat_buffer in_;
  std::string out_;      ///< Answers not yet given to the socket.
  std::string sending_;  ///< What the socket is writing.
  std::optional<Request> request_;
  std::optional<boost::asio::steady_timer> timer_;
  std::function<void()> gone_;    ///< Of the present exchange.
  Produce produce_;               ///< Likewise, to be called once there is room.
  Phase phase_ = Phase::writing;  ///< Until start() says what it waits for.
  base::SteadyTime deadline_{};
  bool reading_ = false;
  bool writing_ = false;
  bool unsent_ = false;              ///< Among those that send soon.
  bool watching_ = false;            ///< For something to read while nothing is read.
  bool awaiting_ = false;            ///< A request is with its handler.
  bool processing_ = false;          ///< process() is on the stack.
  bool close_after_answer_ = false;  ///< Of one in pieces.
  bool closing_ = false;             ///< No further request is served.
  bool beyond_limit_ = false;
};

}  // namespace jobqd::http
