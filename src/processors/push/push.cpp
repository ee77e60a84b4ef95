#include "processors/push/push.hpp"

#include <new>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "processors/push/caller.hpp"
#include "processors/push/credentials.hpp"
#include "processors/push/signature.hpp"
#include "processors/texts.hpp"

namespace jobqd::processors::push {

namespace {

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
      : statuses_(std::move(options.statuses)),
        credentials_(std::move(credentials)),
        clock_(clock),
        caller_({.url = std::move(url),
                 .guard = AddressGuard(std::move(networks)),
                 .lookup = std::move(options.lookup),
                 .tls = [credentials = credentials_] { return credentials->tls(); },
                 .connect_timeout = options.connect_timeout,
                 .request_timeout = options.request_timeout},
                clock) {}

  [[nodiscard]] std::shared_ptr<engine::Files> files() const { return credentials_; }

  engine::Outcome process(const engine::Claim& claim, const std::stop_token& stop) {
    return unless_memory_runs_out([&] { return attempt(claim, stop); });
  }

 private:
  engine::Outcome attempt(const engine::Claim& claim, const std::stop_token& stop) {
    const auto delivery = delivery_or_shortage(claim);
    if (!delivery) return unstarted(delivery.error());
    const auto answer = caller_.ask(*delivery, stop);
    if (stop.stop_requested() && !answer) return engine::Interrupted{};
    if (!answer && answer.error().shortage) return unstarted(answer.error().why);
    if (!answer) return engine::Retry{.error = answer.error().why};
    return outcome_of(*answer, statuses_, clock_.now().wall);
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

  const StatusRules statuses_;
  const std::shared_ptr<Credentials> credentials_;
  const base::Clock& clock_;
  Caller caller_;
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
