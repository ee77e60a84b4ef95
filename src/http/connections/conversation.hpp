#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/buffer.hpp>

#include <jobqd/http/server.hpp>

#include "http/connections/buffers.hpp"
#include "http/message.hpp"
#include "http/requests/request_reader.hpp"
#include "http/requests/response_writer.hpp"

namespace jobqd::http {

/// The present of all conversations of a listener, which renews it.
struct Moment {
  base::SteadyTime now{};  ///< As of the last sweep: deadlines need no better.
  std::string date = {};   ///< The value of the Date header, as of the last sweep.
  bool stopping = false;   ///< The server stops: what is open is answered, then connections close.
  /// How many bytes of an answer in pieces are held back, so that a short one is sent as a whole.
  std::size_t hold_back = piece_bytes / 4 * 3;
};

/// What one connection does next, as a function of what happens to it. Does no I/O and reads no clock.
///
/// Its owner reports events, then asks for the next() action and performs it, until that is `wait`. Requests
/// are read one after the other, each is given to its handler, and answers are sent in order.
/// src/http/README.md has the states as a diagram.
///
/// Not thread-safe. Options and moment outlive it.
///
/// Size: an event is a function, and one table has them all.
class Conversation {
 public:
  enum class Action : std::uint8_t {
    wait,      ///< Nothing, until the next event.
    read,      ///< Read into space(); report received(), peer_ended() or failed().
    send,      ///< Send unsent(); report sent() or failed(), again and again while output().is_sending().
    handle,    ///< take_request() and hand it to the service; report answered(), or begun() and so on.
    refuse,    ///< What came is no request that can be served: report answered() with refusal().
    end_wait,  ///< What the handler waits for is over: the client has gone, or the server stops.
    produce,   ///< Have the handler produce the next piece of its answer.
    linger,    ///< Tell the peer that nothing more is sent. What it still sends is read and dropped.
    close,     ///< Close the connection. The last action.
  };

  /// Which place a connection has.
  enum class Place : std::uint8_t { regular, beyond_limit };

  /// Where it stands. README.md shows what leads from one to the other.
  enum class Phase : std::uint8_t {
    opening,    ///< The transport is being opened.
    idle,       ///< Nothing of the next request has come.
    head,       ///< A part of its head has.
    body,       ///< Its head and a part of its body have.
    requested,  ///< It is complete.
    refused,    ///< It is none, or was not complete in time.
    handling,   ///< Its handler has it,
    waiting,    ///< and waits for something,
    hungry,     ///< or for room to produce a piece of the answer.
    ending,     ///< No further request is served; what is unsent is sent.
    lingering,  ///< All is sent. RFC 9112 section 9.6: closing with unread input would reset the connection,
                ///< which can destroy the last answer on its way.
    closed,
  };

  /// Beyond the limit one request is read, without idling before it, and the connection closes after its
  /// answer. `is_open`: the transport is; if not, opened() follows, within the time for a head.
  Conversation(const ServerOptions& options, const Moment& moment, Place place, bool is_open = true);

  [[nodiscard]] Action next();

  // What the connection reports.

  void opened();

  /// After `read`: where the bytes go. Stays where it is until the read has ended.
  [[nodiscard]] boost::asio::mutable_buffer space();
  void received(std::size_t bytes);
  /// The peer has ended its side: nothing more comes. It may still read.
  void peer_ended();
  /// The connection is broken, or has to end now.
  void failed();

  /// After `send`: the bytes, which stay where they are until sent().
  [[nodiscard]] std::string_view unsent() { return output_.unsent(); }
  void sent(std::size_t bytes);
  [[nodiscard]] const Output& output() const { return output_; }
  /// How much memory answers take that are not sent yet.
  [[nodiscard]] std::size_t held_bytes() const {
    return output_.memory() + (draft_ ? draft_->body.capacity() : 0);
  }

  /// Time has passed: see Moment.
  void time_passed();

  // What the handler of a request reports. After the connection has closed it changes nothing.

  /// Once after `handle`. Valid until the answer is complete.
  [[nodiscard]] Request take_request();

  /// Why a request is refused. After `refuse`.
  [[nodiscard]] const domain::Error& refusal() const { return reader_.error(); }

  /// It waits for something that may take long: until the answer, the peer is watched for its end.
  void waits();
  /// It wants to produce the next piece.
  void wants_room();

  void answered(Response& response);
  void begun(Response& head);
  void written(std::string_view bytes);
  void ended();

  [[nodiscard]] bool closed() const { return phase_ == Phase::closed; }

 private:
  void enter(Phase phase);
  void restart_clock();
  void look();
  void finish();
  void close_after(Response& response);

  const ServerOptions& options_;
  const Moment& moment_;
  RequestReader reader_;
  Input input_;
  Output output_;
  Phase phase_ = Phase::idle;
  base::SteadyTime deadline_{};  ///< Of the phase, or of the sending while there is one.
  bool unread_ = false;          ///< There may be more of a request in input_ than the reader has looked at.
  bool wait_is_over_ = false;    ///< Reported by the next action.
  bool last_ = false;            ///< The connection ends after the present answer.
  std::optional<Response> draft_ = {};  ///< The beginning of an answer in pieces, while it is held back.
};

}  // namespace jobqd::http
