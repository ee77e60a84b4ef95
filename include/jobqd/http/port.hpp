#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

namespace jobqd::http {

/// A TCP port, or a Unix socket, that is bound and listens. Whoever connects waits, because nobody serves it
/// until a Server takes it: so a start can find out that the port is taken before it touches anything else.
/// Closed at the end of its life if no Server took it. Not thread-safe.
class Port {
 public:
  /// Binds and listens. `address` is an IPv4 or IPv6 address, port 0 any free port. The error is a sentence
  /// that says why not.
  static std::expected<Port, std::string> open(const std::string& address, std::uint16_t port);

  /// A Unix socket that this user and its group may use. One at this path to which nobody listens any more is
  /// replaced: of two that do this at the same moment, the first may lose its path to the second.
  static std::expected<Port, std::string> open_unix(const std::string& path);

  Port(Port&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)),
        family_(other.family_),
        number_(other.number_),
        path_(std::exchange(other.path_, {})) {}
  Port& operator=(Port&&) = delete;
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;
  ~Port();

  [[nodiscard]] std::uint16_t number() const { return number_; }  ///< 0: of a Unix socket.
  [[nodiscard]] int family() const { return family_; }            ///< AF_INET, AF_INET6 or AF_UNIX.

  /// The socket, which belongs to the caller from now on. Once.
  [[nodiscard]] int release() { return std::exchange(descriptor_, -1); }

  /// Removes the file of a Unix socket, so that nobody tries to connect any more. Does nothing otherwise, or
  /// a second time; the destructor does it too.
  void remove_file();

 private:
  Port(int descriptor, int family, std::uint16_t number, std::string path = {})
      : descriptor_(descriptor), family_(family), number_(number), path_(std::move(path)) {}

  int descriptor_;  ///< -1: released.
  int family_;
  std::uint16_t number_;
  std::string path_;  ///< Empty: of a TCP port, or removed.
};

}  // namespace jobqd::http
