#include <jobqd/metrics/exposition.hpp>

#include <filesystem>
#include <map>
#include <new>
#include <optional>
#include <set>
#include <stop_token>
#include <system_error>
#include <thread>
#include <utility>

#include <prometheus/text_serializer.h>

#include <jobqd/base/mutex.hpp>
#include <jobqd/base/thread_name.hpp>

#include "metrics/every_queue.hpp"
#include "metrics/families.hpp"

namespace jobqd::metrics {

namespace {

/// How many texts are in memory at most, because clients that read slowly keep theirs.
constexpr std::size_t most_texts = 8;

/// Makes the text. Used by one thread.
class Renderer {
 public:
  Renderer(const engine::Operations& operations, Counters& counters, ExpositionOptions options)
      : operations_(operations), counters_(counters), options_(std::move(options)) {}

  std::string render() {
    Families families;
    counters_.keep_queues(add_queues(families));
    add_counters(families, counters_.values());
    families.gauge("jobqd_store_writable", {}, operations_.trouble().empty() ? 1 : 0);
    for (const auto& [label, path] : options_.files) {
      std::error_code error;
      const auto size = std::filesystem::file_size(path, error);
      families.gauge("jobqd_store_size_bytes", {{"file", label}}, error ? 0 : static_cast<double>(size));
    }
    if (options_.dropped_spans)
      families.counter("jobqd_spans_dropped_total", {}, static_cast<double>(options_.dropped_spans()));
    families.gauge("jobqd_build_info", {{"version", options_.version}}, 1);
    add_process(families, read_process_figures());
    return prometheus::TextSerializer{}.Serialize(std::move(families).take());
  }

 private:
  /// Returns the names of the queues that there are.
  std::set<std::string> add_queues(Families& families) {
    auto names = queues_.visit(
        [&](const engine::QueueCounts& queue) { add_queue(families, queue, seen_[queue.name]); });
    std::erase_if(seen_, [&names](const auto& entry) { return !names.contains(entry.first); });
    return names;
  }

  const engine::Operations& operations_;
  Counters& counters_;
  const ExpositionOptions options_;
  EveryQueue queues_{operations_};
  std::map<std::string, SeenGauges> seen_;  ///< By the name of the queue.
};

}  // namespace

class Exposition::Impl {
 public:
  Impl(const engine::Operations& operations, Counters& counters, const base::Clock& clock,
       ExpositionOptions options)
      : renderer_(operations, counters, std::move(options)),
        clock_(clock),
        thread_([this](const std::stop_token& stop) { run(stop); }) {}

  void get(bool fresh, Done done) {
    if (auto text = fresh ? nullptr : kept_text()) return done(std::move(text));
    {
      const base::MutexLock lock(mutex_);
      waiting_.push_back(std::move(done));
    }
    wanted_.notify_one();
  }

 private:
  /// Null: there is none, or it is too old.
  Text kept_text() {
    const auto now = clock_.now().steady;
    const base::MutexLock lock(mutex_);
    return now - made_at_ < kept_for ? text_ : nullptr;
  }

  void run(const std::stop_token& stop) {
    base::name_this_thread("metrics");
    while (wait(stop)) {
      std::vector<Done> served;
      {
        const base::MutexLock lock(mutex_);
        served.swap(waiting_);  // Before the figures are read: those who come later may want fresh ones.
      }
      const auto begun = clock_.now().steady;
      auto text = render();
      {
        const base::MutexLock lock(mutex_);
        text_ = text;
        made_at_ = begun;
      }
      for (auto& done : served) done(text);
    }
  }

  /// Whether a text is wanted; requests that wait when the stop comes are still served.
  bool wait(const std::stop_token& stop) {
    const base::MutexLock lock(mutex_);
    return wanted_.wait(mutex_, stop, [this]() JOBQD_REQUIRES(mutex_) { return !waiting_.empty(); });
  }

  /// Null: there is no memory for it, or it is taken by texts that clients read slowly.
  Text render() {
    try {
      std::erase_if(texts_, [](const auto& text) { return text.expired(); });
      if (texts_.size() >= most_texts) return nullptr;
      auto text = std::make_shared<const std::string>(renderer_.render());
      texts_.push_back(text);
      return text;
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
  }

  Renderer renderer_;                                    ///< Used by the thread only.
  std::vector<std::weak_ptr<const std::string>> texts_;  ///< That are still read. Used by the thread only.
  const base::Clock& clock_;
  base::Mutex mutex_;
  base::StoppableConditionVariable wanted_;
  std::vector<Done> waiting_ JOBQD_GUARDED_BY(mutex_);
  Text text_ JOBQD_GUARDED_BY(mutex_);
  base::SteadyTime made_at_ JOBQD_GUARDED_BY(mutex_){};
  std::jthread thread_;
};

Exposition::Exposition(const engine::Operations& operations, Counters& counters, const base::Clock& clock,
                       ExpositionOptions options)
    : impl_(std::make_unique<Impl>(operations, counters, clock, std::move(options))) {}

Exposition::~Exposition() = default;

void Exposition::get(bool fresh, Done done) {
  impl_->get(fresh, std::move(done));
}

}  // namespace jobqd::metrics
