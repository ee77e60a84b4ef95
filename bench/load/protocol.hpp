#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace bench {

/// An answer of a server.
enum class Said : std::uint8_t {
  nothing,    ///< Nothing that counts.
  accepted,   ///< A job, or all jobs of one request, are taken.
  refused,    ///< The same, but they are not.
  delivered,  ///< A job is handed to us, to be worked on.
};

/// One complete unit of what a server sent.
struct Frame {
  std::size_t bytes = 0;  ///< 0: it is not complete yet.
  Said said = Said::nothing;
};

/// The content of every job.
struct JobShape {
  std::size_t payload_bytes = 100;
  std::size_t batch = 1;    ///< Jobs a request.
  std::uint32_t delay = 0;  ///< Seconds before a job may start.
  std::string run_at = {};  ///< Or the time from which on, in RFC 3339; HTTP only.
};

/// The language of one server, and the state of one conversation in it.
///
/// Everything that is to be sent is appended to `out`.
class Protocol {
 public:
  virtual ~Protocol() = default;

  /// The first bytes to send. `works`: this conversation is going to ask() for jobs.
  virtual void greet(std::string& /*out*/, bool /*works*/) {}

  /// One request that hands over `batch` jobs.
  virtual void enqueue(std::string& out) = 0;

  /// How many frames that are `accepted` or `refused` answer one enqueue().
  [[nodiscard]] virtual std::size_t answers() const { return 1; }

  /// Asks for jobs; read() takes care of every one that is delivered, and of asking for the next.
  virtual void ask(std::string& /*out*/) {}

  /// Something small that the server answers, so that a connection has been in use before it lies idle.
  virtual void ping(std::string& out) = 0;

  /// Reads the first frame of `in`, and appends the reply that it requires.
  virtual Frame read(std::string_view in, std::string& out) = 0;
};

std::unique_ptr<Protocol> make_http(const JobShape& shape);
std::unique_ptr<Protocol> make_beanstalkd(const JobShape& shape);
std::unique_ptr<Protocol> make_gearman(const JobShape& shape);
std::unique_ptr<Protocol> make_redis(const JobShape& shape);
std::unique_ptr<Protocol> make_nats(const JobShape& shape);

/// By name; null when there is none of that name.
std::unique_ptr<Protocol> make_protocol(std::string_view name, const JobShape& shape);

/// The number that `text` starts with; 0 when it starts with none.
std::size_t leading_number(std::string_view text);

}  // namespace bench
