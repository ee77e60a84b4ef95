#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>

#include <jobqd/engine/queue_counts.hpp>
#include <jobqd/metrics/counters.hpp>

#include "metrics/process.hpp"

namespace jobqd::metrics {

/// A list of labels; one with an empty value is as if it were not there.
using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

/// All metrics of one scrape: families by their names, in the order in which they are described. Only what is
/// in docs/operations.md is here, under the name that it has there.
class Families {
 public:
  Families();

  void gauge(std::string_view name, Labels labels, double value);
  void counter(std::string_view name, Labels labels, double value);
  /// `unit`: how many of the histogram's steps make one of the metric's.
  template <auto bounds>
  void histogram(std::string_view name, Labels labels, const base::Histogram<bounds>& histogram, double unit);

  /// Those that have a value.
  [[nodiscard]] std::vector<prometheus::MetricFamily> take() &&;

 private:
  prometheus::ClientMetric& add(std::string_view name, prometheus::MetricType type, Labels labels);

  std::vector<prometheus::MetricFamily> families_;
  std::map<std::string_view, std::size_t> indices_;
};

/// Which gauges of a queue have been other than zero, by bits. Each goes on from then, as 0 if need be.
using SeenGauges = std::uint32_t;

/// Adds what is counted of a queue.
void add_queue(Families& families, const engine::QueueCounts& queue, SeenGauges& seen);

/// Adds what is counted beside the store.
void add_counters(Families& families, const CounterValues& values);

/// Adds what every process has, by the names that are usual.
void add_process(Families& families, const ProcessFigures& figures);

}  // namespace jobqd::metrics
