#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

namespace jobqd::http {

/// A TCP port that is bound and listens. Whoever connects waits, because nobody serves it until a Server
/// takes it: so a start can find out that the port is taken before it touches anything else. Closed at the
/// end of its life if no Server took it. Not thread-safe.
class Port {
 public:
  /// Binds and listens. `address` is an IPv4 or IPv6 address, port 0 any free port. The error is a sentence
  /// that says why not.
  static std::expected<Port, std::string> open(const std::string& address, std::uint16_t port);

  Port(Port&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), number_(other.number_), is_ipv6_(other.is_ipv6_) {}
  Port& operator=(Port&&) = delete;
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;
  ~Port();

  [[nodiscard]] std::uint16_t number() const { return number_; }
  [[nodiscard]] bool is_ipv6() const { return is_ipv6_; }

  /// The socket, which belongs to the caller from now on. Once.
  [[nodiscard]] int release() { return std::exchange(descriptor_, -1); }

 private:
  Port(int descriptor, std::uint16_t number, bool is_ipv6)
      : descriptor_(descriptor), number_(number), is_ipv6_(is_ipv6) {}

  int descriptor_;  ///< -1: released.
  std::uint16_t number_;
  bool is_ipv6_;
};

}  // namespace jobqd::http
