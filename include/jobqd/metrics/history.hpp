#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <jobqd/base/clock.hpp>
#include <jobqd/engine/duty.hpp>
#include <jobqd/engine/operations.hpp>
#include <jobqd/http/queue_history.hpp>

namespace jobqd::metrics {

/// What happened to the jobs of all queues, from the first run() on: samples them every 10 s, and reads them
/// for pages of queues.
///
/// All work is done in run(), which a scheduler of its own calls, because it takes some milliseconds for
/// thousands of queues. read_queue() and read_page() are thread-safe: they leave their request and wake the
/// scheduler. Everything that the constructor takes outlives this object, and the scheduler has ended before
/// its destructor, which answers those who wait with null.
class History final : public http::QueueHistory, public engine::Duty {
 public:
  /// How much memory the past may take.
  static constexpr std::size_t most_bytes = 16UL * 1024 * 1024;

  /// `wake`: has run() called soon.
  History(const engine::Operations& operations, std::function<void()> wake,
          std::size_t max_bytes = most_bytes);
  ~History() override;

  History(const History&) = delete;
  History& operator=(const History&) = delete;

  void read_queue(std::string name, http::HistorySpan span, Done done) override;
  void read_page(http::QueuePageQuery query, Done done) override;

  std::optional<base::SteadyTime> run(base::Now now) override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace jobqd::metrics
