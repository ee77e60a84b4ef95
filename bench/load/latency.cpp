#include <array>
#include <stdexcept>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fcntl.h>

#include "modes.hpp"
#include "tally.hpp"

namespace bench {

namespace {

using boost::system::error_code;

constexpr std::chrono::microseconds pause{1'000};  // So that the system is idle again.
constexpr std::chrono::seconds patience{10};
constexpr std::size_t warm_up = 20;

/// Reports each line of a pipe that contains the mark.
class LogPipe {
 public:
  LogPipe(boost::asio::io_context& io, const std::string& path, std::string mark, std::function<void()> seen)
      : descriptor_(io), mark_(std::move(mark)), seen_(std::move(seen)) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0) throw std::runtime_error("cannot open the pipe " + path);
    descriptor_.assign(descriptor);
    read();
  }

 private:
  void read() {
    descriptor_.async_read_some(
        boost::asio::buffer(chunk_), [this](const error_code& code, std::size_t bytes) {
          if (code) return;
          text_.append(chunk_.data(), bytes);
          std::size_t start = 0;
          for (auto end = text_.find('\n'); end != std::string::npos; end = text_.find('\n', start)) {
            const auto line = std::string_view(text_).substr(start, end - start);
            start = end + 1;
            if (line.contains(mark_)) seen_();
          }
          text_.erase(0, start);
          read();
        });
  }

  boost::asio::posix::stream_descriptor descriptor_;
  std::string mark_;
  std::function<void()> seen_;
  std::array<char, 4096> chunk_{};
  std::string text_;
};

class Latency : public Listener {
 public:
  Latency(const Target& target, std::size_t count, const std::string& log, const std::string& mark)
      : count_(count + warm_up), timer_(io_), watchdog_(io_) {
    producer_ = open_all(io_, target.protocol, target.shape, target.port, 1, false, *this);
    if (log.empty())
      worker_ = open_all(io_, target.protocol, target.shape, target.port, 1, true, *this);
    else
      pipe_ = std::make_unique<LogPipe>(io_, log, mark, [this] { arrived(); });
  }

  std::string run() {
    if (!worker_.empty()) worker_.front()->ask();
    tally_.start();
    wait();
    io_.run();
    tally_.stop();
    return tally_.json();
  }

  void answered(Connection& /*connection*/, Time /*since*/, std::size_t refused) override {
    if (refused > 0) return fail();
    answered_ = true;
    next_when_done();
  }

  void delivered(Connection& /*connection*/) override { arrived(); }

  void lost(Connection& /*connection*/, std::size_t /*unanswered*/) override { fail(); }

 private:
  void wait() {
    timer_.expires_after(pause);
    timer_.async_wait([this](const error_code&) { send(); });
  }

  void send() {
    answered_ = arrived_ = false;
    watchdog_.expires_after(patience);
    watchdog_.async_wait([this](const error_code& code) {
      if (!code) fail();
    });
    sent_ = Clock::now();
    producer_.front()->enqueue(sent_);
  }

  void arrived() {
    if (++jobs_ > warm_up) {
      tally_.add_latency(sent_, Clock::now());
      tally_.add_jobs(1);
    }
    arrived_ = true;
    next_when_done();
  }

  void next_when_done() {
    if (!answered_ || !arrived_) return;
    if (jobs_ == count_) return io_.stop();
    wait();
  }

  void fail() {
    tally_.add_errors(1);
    io_.stop();
  }

  boost::asio::io_context io_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE};
  std::size_t count_;
  boost::asio::steady_timer timer_;
  boost::asio::steady_timer watchdog_;
  std::vector<std::unique_ptr<Connection>> producer_;
  std::vector<std::unique_ptr<Connection>> worker_;
  std::unique_ptr<LogPipe> pipe_;
  Time sent_;
  bool answered_ = false;
  bool arrived_ = false;
  std::size_t jobs_ = 0;
  Tally tally_;
};

}  // namespace

std::string latency(const Target& target, std::size_t count, const std::string& log,
                    const std::string& mark) {
  return Latency(target, count, log, mark).run();
}

}  // namespace bench
