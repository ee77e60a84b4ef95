#include "tally.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <sys/resource.h>

namespace bench {

namespace {

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double seconds_between(Time from, Time to) {
  return std::chrono::duration<double>(to - from).count();
}

float percentile(const std::vector<float>& sorted, double share) {
  const auto place = static_cast<std::size_t>(share * static_cast<double>(sorted.size()));
  return sorted[std::min(place, sorted.size() - 1)];
}

}  // namespace

Tally::Tally() {
  latencies_.reserve(1UL << 20);
}

void Tally::start() {
  cpu_started_ = cpu_seconds();
  started_ = Clock::now();
}

void Tally::add_latency(Time since, Time now) {
  latencies_.push_back(static_cast<float>(seconds_between(since, now) * 1e6));
}

void Tally::stop() {
  seconds_ = seconds_between(started_, Clock::now());
  cpu_ = (cpu_seconds() - cpu_started_) / seconds_;
}

std::string Tally::json() const {
  auto text = fmt::format(R"({{"jobs":{},"errors":{},"seconds":{:.4f},"rate":{:.1f},"client_cpu":{:.2f})",
                          jobs_, errors_, seconds_, rate(), cpu_);
  if (!latencies_.empty()) {
    auto sorted = latencies_;
    std::ranges::sort(sorted);
    text += fmt::format(R"(,"p50":{:.1f},"p99":{:.1f},"p999":{:.1f})", percentile(sorted, 0.5),
                        percentile(sorted, 0.99), percentile(sorted, 0.999));
  }
  return text + "}";
}

}  // namespace bench
