#include <jobqd/metrics/history.hpp>

#include <new>
#include <utility>
#include <vector>

#include <jobqd/base/mutex.hpp>

#include "metrics/every_queue.hpp"
#include "metrics/history/chronicle.hpp"
#include "metrics/history/queue_order.hpp"

namespace jobqd::metrics {

namespace {

/// How long the order of the queues is kept.
constexpr base::milliseconds order_kept_for{1'000};

}  // namespace

class History::Impl {
 public:
  Impl(const engine::Operations& operations, std::function<void()> wake, std::size_t max_bytes)
      : queues_(operations), wake_(std::move(wake)), max_bytes_(max_bytes) {}

  ~Impl() {
    for (auto& request : take_waiting()) request.done(nullptr);
  }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void ask(Done done, std::move_only_function<http::QueuePage(base::Now)> read) {
    {
      const base::MutexLock lock(mutex_);
      waiting_.push_back({.done = std::move(done), .read = std::move(read)});
    }
    wake_();
  }

  base::SteadyTime run(base::Now now) {
    sample(now);
    for (auto& request : take_waiting()) request.done(page_of(request, now));
    return chronicle_->due();
  }

  /// In a request, as are the following.
  http::QueuePage queue(const std::string& name, http::HistorySpan span, base::Now now) const {
    http::QueuePage page;
    page.rows.push_back({.name = name, .points = chronicle_->read(name, span)});
    page.timeline = chronicle_->timeline(span, now);
    return page;
  }

  http::QueuePage page(const http::QueuePageQuery& query, base::Now now) {
    auto page = order(now).page(query);
    if (!query.history) return page;
    for (auto& row : page.rows) row.points = chronicle_->read(row.name, *query.history);
    page.timeline = chronicle_->timeline(*query.history, now);
    return page;
  }

 private:
  struct Request {
    Done done;
    std::move_only_function<http::QueuePage(base::Now)> read;
  };

  std::vector<Request> take_waiting() {
    const base::MutexLock lock(mutex_);
    return std::exchange(waiting_, {});
  }

  /// Null: there is no memory for it.
  static std::unique_ptr<const http::QueuePage> page_of(Request& request, base::Now now) {
    try {
      return std::make_unique<const http::QueuePage>(request.read(now));
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
  }

  /// If it is due.
  void sample(base::Now now) {
    if (!chronicle_) {
      chronicle_.emplace(now, max_bytes_);
      queues_.visit([this](const engine::QueueCounts& queue) { chronicle_->add(queue); });
      return chronicle_->end_baseline();
    }
    if (now.steady < chronicle_->due()) return;
    try {
      chronicle_->begin(now);
      queues_.visit([this](const engine::QueueCounts& queue) { chronicle_->add(queue); });
      chronicle_->end();
    } catch (const std::bad_alloc&) {
      chronicle_->give_up(now);
    }
  }

  history::QueueOrder& order(base::Now now) {
    if (!order_ || now.steady - ordered_at_ >= order_kept_for) {
      order_.emplace();
      queues_.visit([this](const engine::QueueCounts& queue) { order_->add(queue); });
      ordered_at_ = now.steady;
    }
    return *order_;
  }

  EveryQueue queues_;  // As what follows, used in run() only.
  const std::function<void()> wake_;
  const std::size_t max_bytes_;
  std::optional<history::Chronicle> chronicle_;
  std::optional<history::QueueOrder> order_;
  base::SteadyTime ordered_at_{};
  base::Mutex mutex_;
  std::vector<Request> waiting_ JOBQD_GUARDED_BY(mutex_);
};

History::History(const engine::Operations& operations, std::function<void()> wake, std::size_t max_bytes)
    : impl_(std::make_unique<Impl>(operations, std::move(wake), max_bytes)) {}

History::~History() = default;

void History::read_queue(std::string name, http::HistorySpan span, Done done) {
  impl_->ask(std::move(done),
             [this, name = std::move(name), span](base::Now now) { return impl_->queue(name, span, now); });
}

void History::read_page(http::QueuePageQuery query, Done done) {
  impl_->ask(std::move(done),
             [this, query = std::move(query)](base::Now now) { return impl_->page(query, now); });
}

std::optional<base::SteadyTime> History::run(base::Now now) {
  return impl_->run(now);
}

}  // namespace jobqd::metrics
