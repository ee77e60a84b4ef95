// Bytes over TLS, by OpenSSL on a socket that never blocks.

#include <memory>
#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include "http/connections/transport.hpp"

namespace jobqd::http {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// What a client is told that speaks HTTP where TLS is spoken.
constexpr std::string_view not_https =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 41\r\nConnection: close\r\n\r\n"
    "This port speaks TLS: begin with https://";

/// What OpenSSL reads from and writes to. Its own for sockets would end a process with SIGPIPE that does not
/// ignore it.
struct Wire {
  int descriptor;
  int first = -1;  ///< The first byte that came.
};

int write_to_wire(BIO* bio, const char* bytes, int size) {
  const auto* const wire = static_cast<Wire*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const auto sent = ::send(wire->descriptor, bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (sent < 0 && BIO_sock_should_retry(-1) != 0) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

int read_from_wire(BIO* bio, char* bytes, int size) {
  auto* const wire = static_cast<Wire*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const auto came = ::recv(wire->descriptor, bytes, static_cast<std::size_t>(size), 0);
  if (came < 0 && BIO_sock_should_retry(-1) != 0) BIO_set_retry_read(bio);
  if (came == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  if (came > 0 && wire->first < 0) wire->first = static_cast<unsigned char>(*bytes);
  return static_cast<int>(came);
}

long control_wire(BIO* bio, int command, long /*number*/, void* /*pointer*/) {
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF);
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

/// Made once, and never freed.
const BIO_METHOD* wire_method() {
  static const BIO_METHOD* const method = [] {
    auto* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
    if (made != nullptr) {
      BIO_meth_set_write(made, write_to_wire);
      BIO_meth_set_read(made, read_from_wire);
      BIO_meth_set_ctrl(made, control_wire);
    }
    return made;
  }();
  return method;
}

struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

class TlsTransport final : public SocketTransport {
 public:
  explicit TlsTransport(Socket socket) : SocketTransport(std::move(socket)) {}

  /// false: there is no memory for it.
  bool prepare(asio::ssl::context& context) {
    if (wire_method() == nullptr) return false;
    ssl_.reset(SSL_new(context.native_handle()));
    auto* const bio = BIO_new(wire_method());
    if (!ssl_ || bio == nullptr) {
      BIO_free(bio);
      return false;
    }
    BIO_set_data(bio, &wire_);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_accept_state(ssl_.get());
    return true;
  }

  [[nodiscard]] bool is_open() const override { return is_open_; }

  void read_some(asio::mutable_buffer space, std::shared_ptr<User> user) override {
    Read read{.space = space, .user = std::move(user)};
    if (SSL_has_pending(ssl_.get()) == 0) return wait_to_read(std::move(read), Socket::wait_read);
    asio::post(socket().get_executor(), [this, read = std::move(read)]() mutable { go_on(std::move(read)); });
  }

  std::size_t try_write(std::string_view bytes, error_code& code) override {
    std::size_t all = 0;
    while (all < bytes.size()) {
      ERR_clear_error();
      std::size_t taken = 0;
      const int result = SSL_write_ex(ssl_.get(), bytes.data() + all, bytes.size() - all, &taken);
      if (result != 1) {
        const bool full = SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_WRITE;
        // What broke the connection breaks the next write too.
        if (all == 0) code = full ? asio::error::would_block : asio::error::connection_reset;
        return all;
      }
      all += taken;
    }
    return all;
  }

  void write_some(std::string_view bytes, std::shared_ptr<User> user) override {
    socket().async_wait(Socket::wait_write,
                        [this, bytes, user = std::move(user)](const error_code& code) mutable {
                          if (code) return user->write_done(code, 0);
                          error_code failed;
                          const auto written = try_write(bytes, failed);
                          if (failed == asio::error::would_block) return write_some(bytes, std::move(user));
                          user->write_done(failed, written);
                        });
  }

  void end_sending() override {
    ERR_clear_error();
    if (is_open_) SSL_shutdown(ssl_.get());
    error_code ignored;
    socket().shutdown(Socket::shutdown_send, ignored);
  }

 private:
  struct Read {
    asio::mutable_buffer space;
    std::shared_ptr<User> user;
  };

  void wait_to_read(Read read, Socket::wait_type until) {
    socket().async_wait(until, [this, read = std::move(read)](const error_code& code) mutable {
      if (code) return read.user->read_done(code, 0);
      go_on(std::move(read));
    });
  }

  /// The socket is ready, or OpenSSL has something already. Opens the connection first.
  void go_on(Read read) {
    if (!socket().is_open()) return read.user->read_done(asio::error::operation_aborted, 0);
    if (is_refused_) return drop_rest(std::move(read));
    ERR_clear_error();
    if (!is_open_) {
      const int result = SSL_do_handshake(ssl_.get());
      if (result != 1) return not_yet(std::move(read), result);
      is_open_ = true;
      read.user->opened();
      if (!socket().is_open()) return read.user->read_done(asio::error::operation_aborted, 0);
    }
    std::size_t came = 0;
    const int result = SSL_read_ex(ssl_.get(), read.space.data(), read.space.size(), &came);
    if (result != 1) return not_yet(std::move(read), result);
    read.user->read_done({}, came);
  }

  /// Waits for what OpenSSL needs, or reports the end.
  void not_yet(Read read, int result) {
    switch (SSL_get_error(ssl_.get(), result)) {
      case SSL_ERROR_WANT_READ:
        return wait_to_read(std::move(read), Socket::wait_read);
      case SSL_ERROR_WANT_WRITE:
        return wait_to_read(std::move(read), Socket::wait_write);
      case SSL_ERROR_ZERO_RETURN:
        return read.user->read_done(asio::error::eof, 0);
      default:
        break;
    }
    // A record of TLS never begins with a letter, and every method of HTTP does.
    if (is_open_ || wire_.first < 'A' || wire_.first > 'Z')
      return read.user->read_done(asio::error::connection_reset, 0);
    is_refused_ = true;
    ::send(wire_.descriptor, not_https.data(), not_https.size(), MSG_NOSIGNAL);
    error_code ignored;
    socket().shutdown(Socket::shutdown_send, ignored);
    drop_rest(std::move(read));
  }

  /// Reads what still comes, because closing before would destroy the answer on its way.
  void drop_rest(Read read) {
    error_code code;
    static_cast<void>(socket().read_some(read.space, code));
    if (code && code != asio::error::would_block) return read.user->read_done(code, 0);
    wait_to_read(std::move(read), Socket::wait_read);
  }

  Wire wire_{.descriptor = socket().native_handle()};
  std::unique_ptr<SSL, FreeSsl> ssl_;
  bool is_open_ = false;
  bool is_refused_ = false;  ///< It has been told that this is not TLS.
};

}  // namespace

std::unique_ptr<Transport> tls_transport(Socket socket, asio::ssl::context& context) {
  auto transport = std::make_unique<TlsTransport>(std::move(socket));
  return transport->prepare(context) ? std::move(transport) : nullptr;
}

}  // namespace jobqd::http
