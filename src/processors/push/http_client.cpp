#include <jobqd/processors/http_client.hpp>

#include <boost/asio/ssl/context.hpp>
#include <fmt/format.h>

#include "processors/push/caller.hpp"
#include "processors/push/tls.hpp"

namespace jobqd::processors {

class HttpClient::Impl {
 public:
  Impl(push::Receiver receiver, Headers headers, const base::Clock& clock)
      : headers_(std::move(headers)), clock_(clock), caller_(std::move(receiver), clock) {}

  std::expected<HttpAnswer, std::string> post(std::string body, const std::stop_token& stop) {
    auto answer = caller_.ask({.headers = headers_, .body = std::move(body)}, stop);
    if (!answer) return std::unexpected(std::move(answer.error().why));
    return HttpAnswer{.status = answer->status,
                      .retry_after = push::read_retry_after(answer->retry_after, clock_.now().wall),
                      .body = std::move(answer->body)};
  }

 private:
  const Headers headers_;
  const base::Clock& clock_;
  push::Caller caller_;
};

std::expected<std::unique_ptr<HttpClient>, std::string> HttpClient::make(std::string_view url,
                                                                         Headers headers,
                                                                         base::milliseconds timeout,
                                                                         const base::Clock& clock) {
  auto read = push::read_url(url);
  if (!read) return std::unexpected(std::move(read.error()));
  auto tls = std::make_shared<boost::asio::ssl::context>(boost::asio::ssl::context::tls_client);
  if (auto prepared = push::prepare(*tls, ""); !prepared)
    return std::unexpected(fmt::format("the authorities of the system: {}", prepared.error()));
  push::Receiver receiver{.url = *std::move(read),
                          .guard = push::AddressGuard({push::Network{.bits = 0}}),  // Every address.
                          .lookup = push::system_lookup,
                          .tls = [tls] { return tls; },
                          .connect_timeout = timeout,
                          .request_timeout = timeout};
  auto impl = std::make_unique<Impl>(std::move(receiver), std::move(headers), clock);
  return std::unique_ptr<HttpClient>(new HttpClient(std::move(impl)));
}

HttpClient::HttpClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpClient::~HttpClient() = default;

std::expected<HttpAnswer, std::string> HttpClient::post(std::string body, const std::stop_token& stop) {
  return impl_->post(std::move(body), stop);
}

std::string http_url_fault(std::string_view url) {
  const auto read = push::read_url(url);
  return read ? std::string{} : read.error();
}

}  // namespace jobqd::processors
