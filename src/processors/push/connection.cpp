#include "processors/push/connection.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <type_traits>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <jobqd/base/check.hpp>
#include <jobqd/domain/limits.hpp>

#include "processors/push/dial.hpp"

namespace jobqd::processors::push {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace ip = asio::ip;
using boost::system::error_code;

constexpr std::size_t header_limit = 16UL * 1024;
/// One byte more than a result may have, so that a longer body can be told from one that fits.
constexpr std::size_t body_bytes = domain::limits::result_bytes + 1;
/// How long an address may take to answer before the next one is tried too (RFC 8305, section 8).
constexpr base::milliseconds longest_stagger{250};

std::string words(const error_code& error) {
  if (error == beast::http::error::end_of_stream || error == asio::error::eof)
    return "the connection was closed";
  return error.message();
}

/// SSL_set_tlsext_host_name() without the casts in its macro.
bool set_server_name(SSL* tls, std::string name) {
  return SSL_ctrl(tls, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data()) == 1;
}

/// Sets the name that the certificate has to bear (RFC 9110, section 4.3.4).
void expect_name(SSL* tls, const Url& url) {
  auto* expected = SSL_get0_param(tls);
  const bool set = url.address ? X509_VERIFY_PARAM_set1_ip_asc(expected, url.host.c_str()) == 1
                               : X509_VERIFY_PARAM_set1_host(expected, url.host.c_str(), 0) == 1;
  JOBQD_CHECK(set);
}

/// Makes the kernel probe the connection while nothing moves on it, so that a peer that is gone without a
/// word is noticed within half a minute, also while its answer may take hours.
void watch_peer(ip::tcp::socket& socket) {
  constexpr int yes = 1;
  constexpr int idle_seconds = 15;
  constexpr int interval_seconds = 5;
  constexpr int probes = 3;
  const auto set = [descriptor = socket.native_handle()](int level, int option, int value) {
    (void)::setsockopt(descriptor, level, option, &value, sizeof value);
  };
  set(SOL_SOCKET, SO_KEEPALIVE, yes);
  set(IPPROTO_TCP, TCP_NODELAY, yes);
  set(IPPROTO_TCP, TCP_KEEPIDLE, idle_seconds);
  set(IPPROTO_TCP, TCP_KEEPINTVL, interval_seconds);
  set(IPPROTO_TCP, TCP_KEEPCNT, probes);
}

/// Whether the error says that the connection is gone, and not that something came over it that is no HTTP.
bool is_closing(const error_code& error) {
  return error == beast::http::error::end_of_stream || error == asio::error::connection_reset ||
         error == asio::error::broken_pipe || error == asio::error::eof || error == asio::error::timed_out ||
         error == asio::ssl::error::stream_truncated;
}

/// One request and its answer.
struct Exchange {
  beast::http::request<beast::http::string_body> request;
  std::optional<beast::http::response_parser<beast::http::buffer_body>> parser;
  bool written = false;   ///< The whole request.
  bool heard = false;     ///< The head of an answer, perhaps of an interim one.
  bool complete = false;  ///< The answer, as far as it is kept.

  void begin_answer() {
    parser.emplace();
    parser->header_limit(header_limit);
    parser->body_limit(boost::none);
  }
};

template <class Stream>
class StreamConnection final : public Connection {
 public:
  template <class... Tls>
  StreamConnection(const Url& url, base::SteadyTime opened_at, Tls&... tls)
      : Connection(opened_at), url_(url), stream_(context_, tls...) {}

  std::expected<void, Failure> open(const std::vector<ip::address>& addresses, const AddressGuard& guard,
                                    base::milliseconds longest, const std::stop_token& stop) override {
    std::vector<ip::tcp::endpoint> endpoints;
    for (const auto& address : in_dialling_order(addresses)) endpoints.emplace_back(address, url_.port);
    step_ = "cannot connect";
    const auto stagger =
        std::clamp(longest / static_cast<int>(endpoints.size()), base::milliseconds{1}, longest_stagger);
    dial_.emplace(context_, std::move(endpoints), stagger,
                  [this, &guard](const error_code& error, ip::tcp::socket connected) {
                    if (error) return fail(step_, error);
                    socket().socket() = std::move(connected);
                    begin(guard);
                  });
    dial_->start();
    run(longest, stop);
    if (!failure_.why.empty()) return std::unexpected(failure_);
    return {};
  }

  std::expected<Answer, NoAnswer> send(const Delivery& delivery, base::milliseconds longest,
                                       const std::stop_token& stop) override {
    reusable_ = false;
    begin_request(delivery);
    read_head();  // While the request is being sent: a receiver may answer without reading all of it.
    run(longest, stop);
    if (!exchange_->complete) {
      const bool heard = exchange_->heard || exchange_->parser->got_some() || buffer_.size() > 0;
      return std::unexpected(NoAnswer{.error = failure_.why.empty() ? "it was stopped" : failure_.why,
                                      .unheard = !heard && closed_});
    }
    reusable_ = reusable_ && exchange_->written && failure_.why.empty();
    const auto& message = exchange_->parser->get();
    return Answer{.status = message.result_int(),
                  .retry_after = std::string(message[beast::http::field::retry_after]),
                  .body = std::string(body_.data(), body_.size() - message.body().size)};
  }

  bool is_reusable() const override { return reusable_; }

  bool is_quiet() override {
    if constexpr (!std::is_same_v<Stream, beast::tcp_stream>) {
      SSL* tls = stream_.native_handle();
      if (SSL_has_pending(tls) != 0 || BIO_ctrl_pending(SSL_get_rbio(tls)) != 0) return false;
    }
    error_code state;
    std::array<char, 1> byte{};
    auto& plain = socket().socket();
    plain.non_blocking(true, state);
    if (state) return false;
    plain.receive(asio::buffer(byte), ip::tcp::socket::message_peek, state);
    return state == asio::error::would_block;
  }

 private:
  auto& socket() { return beast::get_lowest_layer(stream_); }

  /// Runs until all is done, the time is up or the stop comes. In the latter two cases nothing goes on any
  /// more, and the connection ends with its owner. The timeouts of Beast's streams would not do: they begin
  /// anew with each read, and never end one that always has something to read.
  void run(base::milliseconds longest, const std::stop_token& stop) {
    const std::stop_callback on_stop(stop, [this] { context_.stop(); });
    context_.restart();
    if (stop.stop_requested()) context_.stop();
    context_.run_for(longest);
    if (!context_.stopped()) fail(fmt::format("{}: it took too long", step_));
  }

  /// The first steps on a connected socket.
  void begin(const AddressGuard& guard) {
    error_code gone;
    const auto peer = socket().socket().remote_endpoint(gone);  // The address that was really reached.
    if (gone) return fail(step_, gone);
    if (!guard.allows(peer.address()))
      return fail(fmt::format("connected to {}, which is not allowed", peer.address().to_string()));
    watch_peer(socket().socket());
    secure();
  }

  void secure() {
    if constexpr (!std::is_same_v<Stream, beast::tcp_stream>) {
      if (!url_.address && !set_server_name(stream_.native_handle(), url_.host))
        return fail("the name of the host does not fit TLS");
      expect_name(stream_.native_handle(), url_);
      step_ = "no TLS";
      stream_.async_handshake(asio::ssl::stream_base::client, [this](error_code error) {
        const auto verified = SSL_get_verify_result(stream_.native_handle());
        if (error && verified != X509_V_OK)
          return fail(fmt::format("{}: {}", step_, X509_verify_cert_error_string(verified)));
        if (error) fail(step_, error);
      });
    }
  }

  void begin_request(const Delivery& delivery) {
    exchange_.emplace();
    auto& request = exchange_->request;
    request = {beast::http::verb::post, url_.target, 11};
    request.set(beast::http::field::host, url_.authority);
    for (const auto& [name, value] : delivery.headers) request.insert(name, value);
    request.body() = delivery.body;
    request.prepare_payload();
    exchange_->begin_answer();
    step_ = "the request was not sent";
    beast::http::async_write(stream_, request, [this](error_code error, std::size_t) {
      exchange_->written = !error;
      if (!error && !exchange_->parser->is_header_done()) step_ = "no answer";
      // An answer that a receiver gave before it closed the connection counts; reading finds out.
      if (error && error != asio::error::broken_pipe && error != asio::error::connection_reset)
        end("the request was not sent", error);
    });
  }

  void read_head() {
    beast::http::async_read_header(stream_, buffer_, *exchange_->parser,
                                   [this](error_code error, std::size_t) {
                                     if (error) return end("no answer", error);
                                     exchange_->heard = true;
                                     const auto status = exchange_->parser->get().result_int();
                                     if (status == 101) return end("no answer: it changed the protocol");
                                     if (status >= 200) return read_body();
                                     exchange_->begin_answer();  // This one was an interim answer.
                                     read_head();
                                   });
  }

  void read_body() {
    step_ = "no whole answer";
    auto& parser = *exchange_->parser;
    parser.get().body() = {.data = body_.data(), .size = body_.size(), .more = true};
    beast::http::async_read(stream_, buffer_, parser, [this, &parser](error_code error, std::size_t) {
      const bool too_long = error == beast::http::error::need_buffer;
      if (error && !too_long) return end(step_, error);
      exchange_->complete = true;
      reusable_ = !too_long && parser.is_done() && parser.keep_alive() && buffer_.size() == 0;
      if (!exchange_->written) context_.stop();  // The receiver does not read the rest of the request.
    });
  }

  /// As fail(), and ends the run.
  template <class... Error>
  void end(const std::string& what, const Error&... error) {
    if (failure_.why.empty()) fail(what, error...);
    context_.stop();
  }

  void fail(const std::string& what, const error_code& error) {
    closed_ = is_closing(error);
    failure_ = {.why = fmt::format("{}: {}", what, words(error)), .shortage = is_shortage(error)};
  }
  void fail(std::string what) { failure_ = {.why = std::move(what)}; }

  const Url& url_;
  asio::io_context context_{1};
  std::optional<Dial> dial_;  ///< Outlives its last handlers.
  Stream stream_;
  std::optional<Exchange> exchange_;
  beast::flat_buffer buffer_{header_limit + body_bytes};
  std::array<char, body_bytes> body_{};
  const char* step_ = "";  ///< What a time-out at this point means.
  Failure failure_;
  bool closed_ = false;  ///< The failure is the end of the connection.
  bool reusable_ = false;
};

}  // namespace

std::unique_ptr<Connection> make_connection(const Url& url, asio::ssl::context& tls,
                                            base::SteadyTime opened_at) {
  if (url.tls)
    return std::make_unique<StreamConnection<beast::ssl_stream<beast::tcp_stream>>>(url, opened_at, tls);
  return std::make_unique<StreamConnection<beast::tcp_stream>>(url, opened_at);
}

}  // namespace jobqd::processors::push
