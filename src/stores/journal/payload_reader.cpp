#include "stores/journal/payload_reader.hpp"

#include <new>
#include <utility>

#include <jobqd/base/thread_name.hpp>

namespace jobqd::stores::journal {

PayloadReader::PayloadReader(std::unique_ptr<PayloadSource> source, engine::Observer& observer)
    : source_(std::move(source)),
      observer_(observer),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

PayloadReader::~PayloadReader() {
  stop();
}

void PayloadReader::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void PayloadReader::read(std::vector<std::uint64_t> numbers, PayloadsRead done) {
  {
    const base::MutexLock lock(mutex_);
    requests_.push_back({.numbers = std::move(numbers), .done = std::move(done)});
  }
  work_.notify_one();
}

void PayloadReader::run(const std::stop_token& stop) {
  base::name_this_thread("payloads");
  while (true) {
    Request request;
    {
      const base::MutexLock lock(mutex_);
      const auto asked = [this]() JOBQD_REQUIRES(mutex_) { return !requests_.empty(); };
      work_.wait(mutex_, stop, asked);
      if (stop.stop_requested()) return;
      request = std::move(requests_.front());
      requests_.pop_front();
    }
    request.done(read(request.numbers));
  }
}

ReadPayloads PayloadReader::read(const std::vector<std::uint64_t>& numbers) {
  auto payloads = [&]() -> ReadPayloads {
    try {
      return source_->read(numbers);
    } catch (const std::bad_alloc&) {
      return std::unexpected("there is no memory left to read payloads back");
    }
  }();
  if (std::exchange(fails_, !payloads.has_value()) != fails_)
    observer_.payloads_changed(payloads ? std::string_view{} : std::string_view(payloads.error()));
  return payloads;
}

}  // namespace jobqd::stores::journal
