#include <jobqd/processors/push.hpp>

#include <algorithm>
#include <mutex>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "processors/push/connection.hpp"
#include "processors/push/lookup.hpp"
#include "processors/push/signature.hpp"
#include "processors/texts.hpp"

namespace jobqd::processors {

namespace {

namespace asio = boost::asio;
using push::Answer;
using push::Connection;
using push::NoAnswer;

std::vector<push::Network> networks_of(const std::vector<std::string>& texts) {
  std::vector<push::Network> networks;
  networks.reserve(texts.size());
  for (const auto& text : texts) networks.push_back(push::read_network(text).value());
  return networks;
}

std::vector<std::string> keys_of(const std::vector<std::string>& secrets) {
  std::vector<std::string> keys;
  keys.reserve(secrets.size());
  for (const auto& secret : secrets) keys.push_back(push::read_secret(secret).value());
  return keys;
}

}  // namespace

class Push::Impl {
 public:
  Impl(Options options, const base::Clock& clock)
      : options_(std::move(options)),
        url_(push::read_url(options_.url).value()),
        keys_(keys_of(options_.secrets)),
        guard_(networks_of(options_.allow_networks)),
        clock_(clock) {
    if (!options_.lookup) options_.lookup = push::system_lookup;
    if (auto prepared = push::prepare(tls_, options_.ca_file); !prepared)
      throw std::runtime_error(prepared.error());
  }

  engine::Outcome process(const engine::Claim& claim, const std::stop_token& stop) {
    const auto answer = ask(delivery_of(claim), stop);
    if (stop.stop_requested() && !answer) return engine::Interrupted{};
    if (!answer) return engine::Retry{.error = answer.error()};
    return push::outcome_of(*answer, options_.retry_on, clock_.now().wall);
  }

 private:
  push::Delivery delivery_of(const engine::Claim& claim) const {
    push::Delivery delivery{
        .headers = {{"Content-Type",
                     is_string(claim.payload) ? "text/plain; charset=utf-8" : "application/json"},
                    {"User-Agent", "jobqd"},
                    {"Job-Id", push::header_id(claim.id)},
                    {"Job-Queue", claim.queue},
                    {"Job-Attempt", fmt::to_string(claim.attempt)},
                    {"Job-Max-Retries", fmt::to_string(claim.max_retries)},
                    {"Job-Lease-Token", fmt::to_string(claim.token)}},
        .body = text_of(claim.payload)};
    if (!claim.traceparent.empty()) delivery.headers.emplace_back("traceparent", claim.traceparent);
    if (keys_.empty()) return delivery;
    const auto id = push::webhook_id(claim.id);
    const auto now = clock_.now().wall;
    delivery.headers.emplace_back("webhook-id", id);
    delivery.headers.emplace_back("webhook-timestamp", push::timestamp(now));
    delivery.headers.emplace_back("webhook-signature", push::signatures(keys_, id, now, delivery.body));
    return delivery;
  }

  /// Over a kept connection, or a new one. A receiver may close a kept one at any time: where not a byte came
  /// back, it did, most likely, and a new connection is tried at once. (If it had read the request all the
  /// same, it gets it twice under the same id, which at least once allows.)
  std::expected<Answer, std::string> ask(const push::Delivery& delivery, const std::stop_token& stop) {
    if (auto kept = take_kept()) {
      auto answer = kept->send(delivery, options_.request_timeout, stop);
      if (answer || !answer.error().unheard || stop.stop_requested())
        return given(std::move(kept), std::move(answer));
    }
    const auto addresses = addresses_of(stop);
    if (!addresses) return std::unexpected(addresses.error());
    auto connection = push::make_connection(url_, tls_);
    if (auto opened = connection->open(*addresses, guard_, options_.connect_timeout, stop); !opened)
      return std::unexpected(opened.error());
    if (stop.stop_requested()) return std::unexpected("it was stopped");
    auto answer = connection->send(delivery, options_.request_timeout, stop);
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
      auto found = push::look_up(options_.lookup, url_.host, options_.connect_timeout, stop);
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
  const push::Url url_;
  const std::vector<std::string> keys_;
  const push::AddressGuard guard_;
  const base::Clock& clock_;
  asio::ssl::context tls_{asio::ssl::context::tls_client};
  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> kept_;
};

Push::Push(Options options, const base::Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(options), clock)) {}

Push::~Push() = default;

engine::Outcome Push::process(const engine::Claim& claim, std::stop_token stop) {
  return impl_->process(claim, stop);
}

}  // namespace jobqd::processors
