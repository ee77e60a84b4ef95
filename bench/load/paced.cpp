#include <algorithm>

#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include "modes.hpp"
#include "tally.hpp"

namespace bench {

namespace {

constexpr std::chrono::microseconds tick{200};
constexpr std::chrono::seconds patience{10};

class Paced : public Listener {
 public:
  Paced(const Target& target, double seconds, double rate, std::size_t workers)
      : limit_(seconds), rate_(rate), timer_(io_) {
    connections_ =
        open_all(io_, target.protocol, target.shape, target.port, target.connections, false, *this);
    workers_ = open_all(io_, target.protocol, target.shape, target.port, workers, true, *this);
    for (const auto& connection : connections_) free_.push_back(connection.get());
  }

  std::string run() {
    for (const auto& worker : workers_) worker->ask();
    started_ = Clock::now();
    tally_.start();
    wait_for_tick();
    io_.run();
    const auto behind = std::chrono::duration<double, std::milli>(Clock::now() - ended_).count();
    auto line = tally_.json();
    line.pop_back();
    return line + fmt::format(R"(,"delivered":{},"behind_ms":{:.1f}}})", delivered_, behind);
  }

  void answered(Connection& connection, Time since, std::size_t refused) override {
    if (!over_) tally_.add_latency(since, Clock::now());
    tally_.add_errors(refused);
    if (refused == 0) ++accepted_;
    if (refused == 0 && !over_) tally_.add_jobs(1);
    --under_way_;
    if (due_.empty()) {
      free_.push_back(&connection);
    } else {
      send(connection, due_.front());
      due_.pop_front();
    }
    stop_when_done();
  }

  void delivered(Connection& /*connection*/) override {
    ++delivered_;
    stop_when_done();
  }

  void lost(Connection& connection, std::size_t unanswered) override {
    tally_.add_errors(std::max<std::size_t>(unanswered, 1));
    under_way_ -= unanswered;
    std::erase(free_, &connection);
    if (++lost_ == connections_.size() + workers_.size()) io_.stop();
  }

 private:
  void wait_for_tick() {
    timer_.expires_after(tick);
    timer_.async_wait([this](const boost::system::error_code&) { on_tick(); });
  }

  void on_tick() {
    const auto now = Clock::now();
    const std::chrono::duration<double> elapsed = now - started_;
    if (elapsed >= limit_) return end(now);
    for (const auto wanted = elapsed.count() * rate_; static_cast<double>(released_) < wanted; ++released_) {
      if (free_.empty()) {
        due_.push_back(now);
      } else {
        send(*free_.back(), now);
        free_.pop_back();
      }
    }
    wait_for_tick();
  }

  void send(Connection& connection, Time since) {
    ++under_way_;
    connection.enqueue(since);
  }

  void end(Time now) {
    over_ = true;
    ended_ = now;
    due_.clear();
    tally_.stop();
    timer_.expires_after(patience);
    timer_.async_wait([this](const boost::system::error_code& code) {
      if (!code) io_.stop();
    });
    stop_when_done();
  }

  void stop_when_done() {
    if (over_ && under_way_ == 0 && (workers_.empty() || delivered_ >= accepted_)) io_.stop();
  }

  boost::asio::io_context io_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE};
  std::chrono::duration<double> limit_;
  double rate_;
  boost::asio::steady_timer timer_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<std::unique_ptr<Connection>> workers_;
  std::vector<Connection*> free_;
  std::deque<Time> due_;  ///< Requests that no connection was free for.
  Time started_;
  Time ended_;
  bool over_ = false;
  std::size_t released_ = 0;
  std::size_t under_way_ = 0;
  std::size_t accepted_ = 0;
  std::size_t delivered_ = 0;
  std::size_t lost_ = 0;
  Tally tally_;
};

}  // namespace

std::string paced(const Target& target, double seconds, double rate, std::size_t workers) {
  return Paced(target, seconds, rate, workers).run();
}

}  // namespace bench
