#include <jobqd/processors/http.hpp>

#include <algorithm>
#include <mutex>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "processors/http/connection.hpp"
#include "processors/http/lookup.hpp"
#include "processors/http/signature.hpp"
#include "processors/texts.hpp"

namespace jobqd::processors {

namespace {

namespace asio = boost::asio;
using http::Answer;
using http::Connection;
using http::NoAnswer;

std::vector<http::Network> networks_of(const std::vector<std::string>& texts) {
  std::vector<http::Network> networks;
  networks.reserve(texts.size());
  for (const auto& text : texts) networks.push_back(http::read_network(text).value());
  return networks;
}

std::vector<std::string> keys_of(const std::vector<std::string>& secrets) {
  std::vector<std::string> keys;
  keys.reserve(secrets.size());
  for (const auto& secret : secrets) keys.push_back(http::read_secret(secret).value());
  return keys;
}

}  // namespace

class Http::Impl {
 public:
  Impl(Options options, const domain::Clock& clock)
      : options_(std::move(options)),
        url_(http::read_url(options_.url).value()),
        keys_(keys_of(options_.secrets)),
        guard_(networks_of(options_.allow_networks)),
        clock_(clock) {
    if (!options_.lookup) options_.lookup = http::system_lookup;
    if (auto prepared = http::prepare(tls_, options_.ca_file); !prepared)
      throw std::runtime_error(prepared.error());
  }

  engine::Outcome process(const engine::Claim& claim, const std::stop_token& stop) {
    const auto answer = ask(push_of(claim), stop);
    if (stop.stop_requested() && !answer) return engine::Interrupted{};
    if (!answer) return engine::Retry{.error = answer.error()};
    return http::outcome_of(*answer, options_.retry_on, clock_.now().wall);
  }

 private:
  http::Push push_of(const engine::Claim& claim) const {
    http::Push push{.headers = {{"Content-Type",
                                 is_string(claim.payload) ? "text/plain; charset=utf-8" : "application/json"},
                                {"User-Agent", "jobqd"},
                                {"Job-Id", http::header_id(claim.id)},
                                {"Job-Queue", claim.queue},
                                {"Job-Attempt", fmt::to_string(claim.attempt)},
                                {"Job-Max-Retries", fmt::to_string(claim.max_retries)},
                                {"Job-Lease-Token", fmt::to_string(claim.token)}},
                    .body = text_of(claim.payload)};
    if (!claim.traceparent.empty()) push.headers.emplace_back("traceparent", claim.traceparent);
    if (keys_.empty()) return push;
    const auto id = http::webhook_id(claim.id);
    const auto now = clock_.now().wall;
    push.headers.emplace_back("webhook-id", id);
    push.headers.emplace_back("webhook-timestamp", http::timestamp(now));
    push.headers.emplace_back("webhook-signature", http::signatures(keys_, id, now, push.body));
    return push;
  }

  /// Over a kept connection, or a new one. A receiver may close a kept one at any time: where not a byte came
  /// back, it did, most likely, and a new connection is tried at once. (If it had read the request all the
  /// same, it gets it twice under the same id, which at least once allows.)
  std::expected<Answer, std::string> ask(const http::Push& push, const std::stop_token& stop) {
    if (auto kept = take_kept()) {
      auto answer = kept->send(push, options_.request_timeout, stop);
      if (answer || !answer.error().unheard || stop.stop_requested())
        return given(std::move(kept), std::move(answer));
    }
    const auto addresses = addresses_of(stop);
    if (!addresses) return std::unexpected(addresses.error());
    auto connection = http::make_connection(url_, tls_);
    if (auto opened = connection->open(*addresses, guard_, options_.connect_timeout, stop); !opened)
      return std::unexpected(opened.error());
    if (stop.stop_requested()) return std::unexpected("it was stopped");
    auto answer = connection->send(push, options_.request_timeout, stop);
    return given(std::move(connection), std::move(answer));
  }

  std::expected<Answer, std::string> given(std::unique_ptr<Connection> connection,
                                           std::expected<Answer, NoAnswer> answer) {
    if (!answer) return std::unexpected(std::move(answer.error().error));
    if (connection->is_reusable()) keep(std::move(connection));
    return *std::move(answer);
  }

  /// Every address is looked at: a name that also stands for a denied one is not to be trusted with the
  /// others.
  std::expected<std::vector<asio::ip::address>, std::string> addresses_of(const std::stop_token& stop) const {
    std::vector<asio::ip::address> addresses;
    if (url_.address) {
      addresses.push_back(*url_.address);
    } else {
      auto found = http::look_up(options_.lookup, url_.host, options_.connect_timeout, stop);
      if (!found) return found;
      addresses = *std::move(found);
    }
    for (const auto& address : addresses)
      if (!guard_.allows(address))
        return std::unexpected(fmt::format("{} is at {}, which is in no allowed network (allow_networks)",
                                           url_.host, address.to_string()));
    return addresses;
  }

  std::unique_ptr<Connection> take_kept() {
    const std::scoped_lock lock(mutex_);
    while (!kept_.empty()) {
      auto connection = std::move(kept_.back());
      kept_.pop_back();
      if (connection->is_quiet()) return connection;
    }
    return nullptr;
  }

  /// There are never more than attempts at a time.
  void keep(std::unique_ptr<Connection> connection) {
    const std::scoped_lock lock(mutex_);
    kept_.push_back(std::move(connection));
  }

  Options options_;
  const http::Url url_;
  const std::vector<std::string> keys_;
  const http::AddressGuard guard_;
  const domain::Clock& clock_;
  asio::ssl::context tls_{asio::ssl::context::tls_client};
  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> kept_;
};

Http::Http(Options options, const domain::Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(options), clock)) {}

Http::~Http() = default;

engine::Outcome Http::process(const engine::Claim& claim, std::stop_token stop) {
  return impl_->process(claim, stop);
}

}  // namespace jobqd::processors
