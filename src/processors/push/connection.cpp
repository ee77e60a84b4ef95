#include "processors/push/connection.hpp"

#include <array>
#include <functional>
#include <optional>
#include <system_error>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <jobqd/base/check.hpp>
#include <jobqd/domain/limits.hpp>

namespace jobqd::processors::push {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace ip = asio::ip;
using boost::system::error_code;

constexpr std::size_t header_limit = 16UL * 1024;
/// One byte more than is kept, so that a longer body is known from one that fits.
constexpr std::size_t body_bytes = domain::limits::result_bytes + 1;

std::string words(const error_code& error) {
  if (error == beast::http::error::end_of_stream || error == asio::error::eof)
    return "the connection was closed";
  return error.message();
}

/// SSL_set_tlsext_host_name() without the casts of its macro.
bool set_server_name(SSL* tls, std::string name) {
  return SSL_ctrl(tls, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data()) == 1;
}

/// Whose certificate it has to be (RFC 9110, 4.3.4).
void expect_name(SSL* tls, const Url& url) {
  auto* expected = SSL_get0_param(tls);
  const bool set = url.address ? X509_VERIFY_PARAM_set1_ip_asc(expected, url.host.c_str()) == 1
                               : X509_VERIFY_PARAM_set1_host(expected, url.host.c_str(), 0) == 1;
  JOBQD_CHECK(set);
}

template <class Stream>
class StreamConnection final : public Connection {
 public:
  template <class... Tls>
  explicit StreamConnection(const Url& url, Tls&... tls) : url_(url), stream_(context_, tls...) {}

  std::expected<void, std::string> open(const std::vector<ip::address>& addresses, const AddressGuard& guard,
                                        base::milliseconds longest, const std::stop_token& stop) override {
    std::vector<ip::tcp::endpoint> endpoints;
    endpoints.reserve(addresses.size());
    for (const auto& address : addresses) endpoints.emplace_back(address, url_.port);
    step_ = "cannot connect";
    socket().async_connect(endpoints, [this, &guard](error_code error, const ip::tcp::endpoint&) {
      if (error) return fail(step_, error);
      error_code gone;
      const auto peer = socket().socket().remote_endpoint(gone);  // Who it really is.
      if (gone) return fail(step_, gone);
      if (!guard.allows(peer.address()))
        return fail(fmt::format("connected to {}, which is not allowed", peer.address().to_string()));
      socket().socket().set_option(ip::tcp::no_delay(true), gone);
      secure();
    });
    run(longest, stop);
    if (!failure_.empty()) return std::unexpected(failure_);
    return {};
  }

  std::expected<Answer, NoAnswer> send(const Delivery& delivery, base::milliseconds longest,
                                       const std::stop_token& stop) override {
    request_ = {beast::http::verb::post, url_.target, 11};
    request_.set(beast::http::field::host, url_.authority);
    for (const auto& [name, value] : delivery.headers) request_.insert(name, value);
    request_.body() = delivery.body;
    request_.prepare_payload();
    reusable_ = complete_ = written_ = heard_ = false;
    begin_answer();
    step_ = "the request was not sent";
    beast::http::async_write(stream_, request_, [this](error_code error, std::size_t) {
      written_ = !error;
      if (written_ && !parser_->is_header_done()) step_ = "no answer";
      // The answer that a receiver gave before it closed counts; reading says whether there is one.
      if (error && error != asio::error::broken_pipe && error != asio::error::connection_reset)
        end("the request was not sent", error);
    });
    read_head();  // At a time: a receiver may answer without reading all.
    run(longest, stop);
    if (!complete_) {
      heard_ = heard_ || parser_->got_some() || buffer_.size() > 0;
      return std::unexpected(NoAnswer{.error = failure_.empty() ? "it was stopped" : failure_,
                                      .unheard = !heard_ && failed_by_closing_});
    }
    reusable_ = reusable_ && written_ && failure_.empty();
    const auto& message = parser_->get();
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

  /// Until all is done, the time is up or the stop comes: then nothing goes on any more, and the connection
  /// ends with its owner. The streams' own timeouts begin anew with each read, and never end one that always
  /// has something to read.
  void run(base::milliseconds longest, const std::stop_token& stop) {
    const std::stop_callback on_stop(stop, [this] { context_.stop(); });
    context_.restart();
    if (stop.stop_requested()) context_.stop();
    context_.run_for(longest);
    if (!context_.stopped()) fail(fmt::format("{}: it took too long", step_));
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

  void begin_answer() {
    parser_.emplace();
    parser_->header_limit(header_limit);
    parser_->body_limit(boost::none);
  }

  void read_head() {
    beast::http::async_read_header(stream_, buffer_, *parser_, [this](error_code error, std::size_t) {
      if (error) return end("no answer", error);
      heard_ = true;
      const auto status = parser_->get().result_int();
      if (status == 101) return end("no answer: it changed the protocol");
      if (status >= 200) return read_body();
      begin_answer();  // An interim one.
      read_head();
    });
  }

  void read_body() {
    step_ = "no whole answer";
    parser_->get().body() = {.data = body_.data(), .size = body_.size(), .more = true};
    beast::http::async_read(stream_, buffer_, *parser_, [this](error_code error, std::size_t) {
      const bool too_long = error == beast::http::error::need_buffer;
      if (error && !too_long) return end(step_, error);
      complete_ = true;
      reusable_ = !too_long && parser_->is_done() && parser_->keep_alive() && buffer_.size() == 0;
      if (!written_) context_.stop();  // Nobody reads the rest.
    });
  }

  /// fail(), and nothing goes on any more.
  template <class... Error>
  void end(const std::string& what, const Error&... error) {
    if (failure_.empty()) fail(what, error...);
    context_.stop();
  }

  void fail(const std::string& what, const error_code& error) {
    failed_by_closing_ = error == beast::http::error::end_of_stream ||
                         error == asio::error::connection_reset || error == asio::error::broken_pipe ||
                         error == asio::error::eof || error == asio::ssl::error::stream_truncated;
    fail(fmt::format("{}: {}", what, words(error)));
  }
  void fail(std::string what) { failure_ = std::move(what); }

  const Url& url_;
  asio::io_context context_{1};
  Stream stream_;
  beast::http::request<beast::http::string_body> request_;
  std::optional<beast::http::response_parser<beast::http::buffer_body>> parser_;
  beast::flat_buffer buffer_{header_limit + body_bytes};
  std::array<char, body_bytes> body_{};
  const char* step_ = "";  ///< What it means where this is where it ends.
  std::string failure_;
  bool failed_by_closing_ = false;
  bool complete_ = false;
  bool reusable_ = false;
  bool written_ = false;
  bool heard_ = false;
};

}  // namespace

std::unique_ptr<Connection> make_connection(const Url& url, asio::ssl::context& tls) {
  if (url.tls) return std::make_unique<StreamConnection<beast::ssl_stream<beast::tcp_stream>>>(url, tls);
  return std::make_unique<StreamConnection<beast::tcp_stream>>(url);
}

}  // namespace jobqd::processors::push
