#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "connection.hpp"

namespace bench {

/// The result of a run; times in microseconds.
class Tally {
 public:
  Tally();

  /// The clock starts, and so does the count of the CPU time that this process takes.
  void start();

  void add_jobs(std::size_t count) { jobs_ += count; }
  void add_errors(std::size_t count) { errors_ += count; }
  void add_latency(Time since, Time now);

  [[nodiscard]] std::size_t jobs() const { return jobs_; }
  [[nodiscard]] std::size_t errors() const { return errors_; }

  /// The clock stops.
  void stop();

  [[nodiscard]] double rate() const { return static_cast<double>(jobs_) / seconds_; }

  /// One line: jobs, errors, seconds, rate, cpu (cores), and p50, p99, p999 if there are latencies.
  [[nodiscard]] std::string json() const;

 private:
  std::size_t jobs_ = 0;
  std::size_t errors_ = 0;
  std::vector<float> latencies_;
  Time started_;
  double cpu_started_ = 0;
  double seconds_ = 0;
  double cpu_ = 0;
};

}  // namespace bench
