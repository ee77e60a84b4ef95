#include "processors/push/push.hpp"

#include <new>
#include <utility>
#include <vector>

#include <boost/system/system_error.hpp>
#include <fmt/format.h>

#include "processors/push/connection.hpp"
#include "processors/push/credentials.hpp"
#include "processors/push/kept_connections.hpp"
#include "processors/push/lookup.hpp"
#include "processors/push/signature.hpp"
#include "processors/texts.hpp"

namespace jobqd::processors::push {

namespace {

namespace asio = boost::asio;

/// Each text as `read` reads it; the first error where one cannot be read.
template <class T>
std::expected<std::vector<T>, std::string> read_all(const std::vector<std::string>& texts,
                                                    std::expected<T, std::string> (*read)(std::string_view)) {
  std::vector<T> all;
  all.reserve(texts.size());
  for (const auto& text : texts) {
    auto one = read(text);
    if (!one) return std::unexpected(std::move(one.error()));
    all.push_back(*std::move(one));
  }
  return all;
}

}  // namespace

class Push::Impl {
 public:
  Impl(Options options, Url url, std::shared_ptr<Credentials> credentials, std::vector<Network> networks,
       const base::Clock& clock)
      : options_(std::move(options)),
        url_(std::move(url)),
        credentials_(std::move(credentials)),
        guard_(std::move(networks)),
        clock_(clock) {}

  [[nodiscard]] std::shared_ptr<engine::Files> files() const { return credentials_; }

  engine::Outcome process(const engine::Claim& claim, const std::stop_token& stop) {
    return unless_memory_runs_out([&] { return attempt(claim, stop); });
  }

 private:
  engine::Outcome attempt(const engine::Claim& claim, const std::stop_token& stop) {
    const auto delivery = delivery_or_shortage(claim);
    if (!delivery) return unstarted(delivery.error());
    const auto answer = ask(*delivery, stop);
    if (stop.stop_requested() && !answer) return engine::Interrupted{};
    if (!answer && answer.error().shortage) return unstarted(answer.error().why);
    if (!answer) return engine::Retry{.error = answer.error().why};
    return outcome_of(*answer, options_.statuses, clock_.now().wall);
  }

  std::expected<Delivery, std::string> delivery_or_shortage(const engine::Claim& claim) const {
    try {
      return delivery_of(claim);
    } catch (const std::bad_alloc&) {
      return std::unexpected("out of memory");
    }
  }

  Delivery delivery_of(const engine::Claim& claim) const {
    Delivery delivery{.headers = {{"Content-Type", is_string(claim.payload) ? "text/plain; charset=utf-8"
                                                                            : "application/json"},
                                  {"User-Agent", "jobqd"},
                                  {"Job-Id", header_id(claim.id)},
                                  {"Job-Queue", claim.queue},
                                  {"Job-Attempt", fmt::to_string(claim.attempt)},
                                  {"Job-Max-Retries", fmt::to_string(claim.max_retries)},
                                  {"Job-Lease-Token", fmt::to_string(claim.token)}},
                      .body = text_of(claim.payload)};
    if (!claim.traceparent.empty()) delivery.headers.emplace_back("traceparent", claim.traceparent);
    const auto keys = credentials_->keys();
    if (keys->empty()) return delivery;
    const auto id = webhook_id(claim.id);
    const auto now = clock_.now().wall;
    delivery.headers.emplace_back("webhook-id", id);
    delivery.headers.emplace_back("webhook-timestamp", timestamp(now));
    delivery.headers.emplace_back("webhook-signature", signatures(*keys, id, now, delivery.body));
    return delivery;
  }

  /// Sends over a kept connection, or a new one. A receiver may close a kept connection at any time: if not a
  /// byte came back, it most likely did, and a new connection is tried at once. (If the receiver had read the
  /// request after all, it gets it twice with the same id, which at-least-once delivery allows.)
  std::expected<Answer, Failure> ask(const Delivery& delivery, const std::stop_token& stop) {
    if (auto kept = kept_.take()) {
      auto answer = kept->send(delivery, options_.request_timeout, stop);
      if (answer || !answer.error().unheard || stop.stop_requested())
        return answer_over(std::move(kept), std::move(answer));
    }
    auto connection = connect(stop);
    if (!connection) return std::unexpected(std::move(connection.error()));
    if (stop.stop_requested()) return std::unexpected(Failure{.why = "it was stopped"});
    auto answer = (*connection)->send(delivery, options_.request_timeout, stop);
    return answer_over(*std::move(connection), std::move(answer));
  }

  std::expected<Answer, Failure> answer_over(std::unique_ptr<Connection> connection,
                                             std::expected<Answer, NoAnswer> answer) {
    if (!answer) return std::unexpected(Failure{.why = std::move(answer.error().error)});
    if (connection->is_reusable()) kept_.keep(std::move(connection));
    return *std::move(answer);
  }

  std::expected<std::unique_ptr<Connection>, Failure> connect(const std::stop_token& stop) {
    try {
      const auto addresses = addresses_of(stop);
      if (!addresses) return std::unexpected(addresses.error());
      const auto tls = credentials_->tls();
      auto connection = make_connection(url_, *tls, clock_.now().steady);
      auto opened = connection->open(*addresses, guard_, options_.connect_timeout, stop);
      if (!opened) return std::unexpected(std::move(opened.error()));
      return connection;
    } catch (const boost::system::system_error& error) {
      return std::unexpected(Failure{.why = fmt::format("cannot connect: {}", error.code().message()),
                                     .shortage = is_shortage(error.code())});
    } catch (const std::bad_alloc&) {
      return std::unexpected(Failure{.why = "cannot connect: out of memory", .shortage = true});
    }
  }

  /// The addresses of the receiver. All of them are checked: a name that also resolves to a denied address is
  /// not trusted with the others either.
  std::expected<std::vector<asio::ip::address>, Failure> addresses_of(const std::stop_token& stop) const {
    std::vector<asio::ip::address> addresses;
    if (url_.address) {
      addresses.push_back(*url_.address);
    } else {
      auto found = look_up(options_.lookup, url_.host, options_.connect_timeout, stop);
      if (!found) return found;
      addresses = *std::move(found);
    }
    for (const auto& address : addresses)
      if (!guard_.allows(address))
        return std::unexpected(
            Failure{.why = fmt::format("{} is at {}, which is in no allowed network (allow_networks)",
                                       url_.host, address.to_string())});
    return addresses;
  }

  const Options options_;
  const Url url_;
  const std::shared_ptr<Credentials> credentials_;
  const AddressGuard guard_;
  const base::Clock& clock_;
  KeptConnections kept_{clock_};
};

std::expected<std::unique_ptr<Push>, std::string> Push::make(Options options, const base::Clock& clock) {
  auto url = read_url(options.url);
  if (!url) return std::unexpected(std::move(url.error()));
  auto credentials = Credentials::make(options);
  if (!credentials) return std::unexpected(std::move(credentials.error()));
  auto networks = read_all(options.allow_networks, read_network);
  if (!networks) return std::unexpected(std::move(networks.error()));
  auto impl = std::make_unique<Impl>(std::move(options), *std::move(url), *std::move(credentials),
                                     *std::move(networks), clock);
  return std::unique_ptr<Push>(new Push(std::move(impl)));
}

Push::Push(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Push::~Push() = default;

engine::Outcome Push::process(const engine::Claim& claim, std::stop_token stop) {
  return impl_->process(claim, stop);
}

std::shared_ptr<engine::Files> Push::files() {
  return impl_->files();
}

}  // namespace jobqd::processors::push
