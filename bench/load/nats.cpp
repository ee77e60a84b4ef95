// NATS JetStream: publish and wait for the stream's acknowledgement; pull in batches and acknowledge each
// message. The stream JOBS on the subject `jobs` and its consumer WORKERS have to be there.

#include <fmt/format.h>
#include <unistd.h>

#include "protocol.hpp"

namespace bench {

namespace {

constexpr std::size_t pull = 500;

std::string inbox() {
  static unsigned last = 0;
  return fmt::format("_INBOX.{}.{}", getpid(), ++last);
}

class Nats : public Protocol {
 public:
  explicit Nats(const JobShape& shape) : batch_(shape.batch), inbox_(inbox()) {
    const auto publish = fmt::format("PUB jobs {}.ack {}\r\n{}\r\n", inbox_, shape.payload_bytes,
                                     std::string(shape.payload_bytes, 'x'));
    for (std::size_t i = 0; i < batch_; ++i) request_ += publish;
  }

  void greet(std::string& out, bool /*works*/) override {
    out += R"(CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true})";
    out += fmt::format("\r\nSUB {}.> 1\r\n", inbox_);
  }

  void enqueue(std::string& out) override { out += request_; }
  [[nodiscard]] std::size_t answers() const override { return batch_; }

  void ask(std::string& out) override {
    const auto body = fmt::format(R"({{"batch":{},"expires":60000000000}})", pull);
    out += fmt::format("PUB $JS.API.CONSUMER.MSG.NEXT.JOBS.WORKERS {}.job {}\r\n{}\r\n", inbox_, body.size(),
                       body);
  }

  void ping(std::string& out) override { out += "PING\r\n"; }

  Frame read(std::string_view in, std::string& out) override {
    const auto end = in.find("\r\n");
    if (end == std::string_view::npos) return {};
    const auto line = in.substr(0, end);
    const bool message = line.starts_with("MSG ");
    if (!message && !line.starts_with("HMSG ")) {
      if (line == "PING") out += "PONG\r\n";
      return {.bytes = end + 2, .said = line.starts_with("-ERR") ? Said::refused : Said::nothing};
    }
    const auto body_bytes = leading_number(line.substr(line.rfind(' ') + 1));
    const auto size = end + 2 + body_bytes + 2;
    if (in.size() < size) return {};
    return {.bytes = size, .said = take(line, in.substr(end + 2, body_bytes), message, out)};
  }

 private:
  /// A message without headers is an acknowledgement to our inbox, or a job with an address to answer to:
  /// MSG subject sid [reply-to] bytes. One with headers says that a pull has ended or that there are no
  /// listeners.
  Said take(std::string_view line, std::string_view body, bool message, std::string& out) {
    if (!message) return body.starts_with("NATS/1.0 503") ? Said::refused : Said::nothing;
    const auto sid = line.find(' ', 4);
    const auto reply = line.find(' ', sid + 1) + 1;
    const auto reply_end = line.find(' ', reply);
    if (reply_end == std::string_view::npos || reply_end == reply)  // None: left out, or empty.
      return body.contains("\"error\"") ? Said::refused : Said::accepted;
    out += fmt::format("PUB {} 4\r\n+ACK\r\n", line.substr(reply, reply_end - reply));
    if (++delivered_ % pull == 0) ask(out);
    return Said::delivered;
  }

  std::size_t batch_;
  std::string inbox_;
  std::string request_;
  std::size_t delivered_ = 0;
};

}  // namespace

std::unique_ptr<Protocol> make_nats(const JobShape& shape) {
  return std::make_unique<Nats>(shape);
}

}  // namespace bench
