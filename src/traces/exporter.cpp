#include <jobqd/traces/exporter.hpp>

#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include <jobqd/base/mutex.hpp>
#include <jobqd/base/thread_name.hpp>
#include <jobqd/base/utf8.hpp>

#include "traces/policy.hpp"
#include "traces/span.hpp"
#include "traces/waiting_spans.hpp"

namespace jobqd::traces {

namespace {

/// Why spans are dropped while the collector takes all that it is sent.
constexpr const char* too_many = "there are more of them than are sent";

/// How long no span has to be dropped before that counts as over, so that a collector that takes every other
/// batch does not fill the log; and how often that is looked at while a batch waits to be sent again.
constexpr base::milliseconds quiet_period{1'000};

/// As much of what a collector says as a line of the log should have.
std::string_view shown(std::string_view text) {
  constexpr std::size_t most = 500;
  return text.substr(0, base::whole_characters(text, most));
}

}  // namespace

/// Size: what the thread alone uses stands beside what it shares.
class Exporter::Impl {
 public:
  Impl(Tracer tracer, const Attributes& resource, Around around)
      : tracer_(tracer), resource_(resource_json(resource)), around_(std::move(around)) {}

  void start() {
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }

  void stop() {
    if (!thread_.joinable()) return spans_.close();
    thread_.request_stop();
    {
      const base::MutexLock lock(mutex_);
      ended_.wait_for(mutex_, longest_flush, [this]() JOBQD_REQUIRES(mutex_) { return has_ended_; });
    }
    give_up_.request_stop();
    thread_.join();
  }

  /// `end_of()` returns the SpanEnd; only asked if the attempt has a span for which there is room.
  template <class EndOf>
  void add(const engine::Claim& claim, EndOf end_of) {
    if (!tracer_.may_have_span(claim)) return;
    const bool is_full = !spans_.has_room();
    // Most of a flood of spans ends here, before anything is computed.
    if (is_full && !claim.traceparent.empty()) return spans_.drop(1);
    const auto ids = tracer_.span_of(claim);
    if (!ids) return;
    if (is_full) return spans_.drop(1);
    SpanEnd end = end_of();
    auto span = std::make_unique<Span>(Span{.ids = *ids,
                                            .queue = claim.queue,
                                            .job = claim.id,
                                            .attempt = claim.attempt,
                                            .started_at = claim.started_at,
                                            .ended_at = around_.clock.now().wall,
                                            .outcome = end.outcome,
                                            .failed = end.failed,
                                            .error = std::move(end.error)});
    if (claim.ready_at != base::WallTime{})
      span->waited = std::max(claim.started_at - claim.ready_at, base::milliseconds{0});
    spans_.push(std::move(span));
  }

  [[nodiscard]] std::uint64_t dropped() const { return spans_.dropped(); }

 private:
  void run(const std::stop_token& stop) {
    base::name_this_thread("traces");
    auto last = around_.clock.now().steady;
    while (spans_.wait_for_batch(last, stop)) {
      last = around_.clock.now().steady;
      send(spans_.take(), stop);
    }
    spans_.close();
    while (!give_up_.stop_requested() && send(spans_.take(), stop)) {
    }
    for (auto left = spans_.take(); !left.empty(); left = spans_.take())
      note_loss(left.size(), "the daemon ended before they were sent");
    const base::MutexLock lock(mutex_);
    has_ended_ = true;
    ended_.notify_all();
  }

  /// Sends a batch until the collector has taken it or it is given up, which it is at once after a stop.
  /// false: it is empty.
  bool send(const Batch& batch, const std::stop_token& stop) {
    if (batch.empty()) return false;
    const auto body = to_json(batch, resource_);
    for (unsigned retries = 0;; ++retries) {
      const auto reply = around_.post(body, give_up_.get_token());
      if (reply.status >= 200 && reply.status < 300)
        return note_delivery(batch.size(), read_partial_success(reply.body));
      auto why = reply.status == 0 ? reply.body : fmt::format("HTTP {} {}", reply.status, reply.body);
      const auto pause = wait_before_retry(reply, retries, around_.random.fraction());
      if (!pause) return note_loss(batch.size(), std::move(why));
      why_full_ = std::move(why);
      if (!wait(*pause, stop)) return note_loss(batch.size(), why_full_);
    }
  }

  /// Reports meanwhile if spans find no room. false: a stop was requested.
  bool wait(base::milliseconds pause, const std::stop_token& stop) {
    for (; pause.count() > 0; pause -= quiet_period) {
      if (!spans_.wait(std::min(pause, quiet_period), stop)) return false;
      note_full();
    }
    return true;
  }

  bool note_delivery(std::size_t spans, const PartialSuccess& said) {
    // A collector that says nonsense must not make the count nonsense.
    if (const auto rejected = std::min<std::uint64_t>(said.rejected, spans); rejected > 0)
      return note_loss(rejected, fmt::format("the collector rejected {} spans: {}", rejected, said.message));
    if (said.message != warning_ && !said.message.empty()) around_.events.warned(shown(said.message));
    warning_ = said.message;
    why_full_ = too_many;
    if (note_full() || !dropping_since_) return true;
    if (around_.clock.now().steady - last_drop_ < quiet_period) return true;
    around_.events.delivering(spans_.dropped() - *dropping_since_);
    dropping_since_.reset();
    return true;
  }

  bool note_loss(std::uint64_t spans, std::string why) {
    spans_.drop(spans);
    why_full_ = std::move(why);
    note_full();
    return true;
  }

  /// Whether spans were dropped since the last time. Reports the first of them.
  bool note_full() {
    const auto dropped = spans_.dropped();
    const auto before = std::exchange(seen_dropped_, dropped);
    if (dropped == before) return false;
    last_drop_ = around_.clock.now().steady;
    if (!dropping_since_) {
      dropping_since_ = before;
      around_.events.dropping(shown(why_full_));
    }
    return true;
  }

  const Tracer tracer_;
  const std::string resource_;
  const Around around_;
  WaitingSpans spans_;

  // Of the thread.
  std::string why_full_ = too_many;
  std::string warning_ = {};
  std::uint64_t seen_dropped_ = 0;
  base::SteadyTime last_drop_{};
  std::optional<std::uint64_t> dropping_since_ = {};  ///< How many had been dropped before.

  std::stop_source give_up_;
  base::Mutex mutex_;
  base::ConditionVariable ended_;
  bool has_ended_ JOBQD_GUARDED_BY(mutex_) = false;
  std::jthread thread_;
};

Exporter::Exporter(Tracer tracer, const Attributes& resource, Around around)
    : impl_(std::make_unique<Impl>(tracer, resource, std::move(around))) {}

Exporter::~Exporter() {
  stop();
}

void Exporter::start() {
  impl_->start();
}

void Exporter::stop() {
  impl_->stop();
}

void Exporter::attempt_settled(const engine::Claim& claim, const engine::Resolution& resolution) {
  if (std::holds_alternative<engine::Unstarted>(resolution)) return;  // It never began.
  impl_->add(claim, [&] { return end_of_span(resolution, claim.stop->cause()); });
}

void Exporter::attempt_stale(const engine::Claim& claim) {
  impl_->add(claim, [] {
    return SpanEnd{.outcome = "stale", .failed = true, .error = "the job was no longer its own"};
  });
}

std::uint64_t Exporter::dropped() const {
  return impl_->dropped();
}

}  // namespace jobqd::traces
