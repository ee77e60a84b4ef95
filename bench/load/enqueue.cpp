#include <algorithm>

#include <boost/asio/steady_timer.hpp>

#include "modes.hpp"
#include "tally.hpp"

namespace bench {

namespace {

class Enqueue : public Listener {
 public:
  Enqueue(const Target& target, double seconds, std::size_t count)
      : batch_(target.shape.batch), count_(count), limit_(seconds), timer_(io_) {
    connections_ =
        open_all(io_, target.protocol, target.shape, target.port, target.connections, false, *this);
  }

  std::string run() {
    tally_.start();
    if (count_ == 0) {
      timer_.expires_after(std::chrono::duration_cast<Clock::duration>(limit_));
      timer_.async_wait([this](const boost::system::error_code&) { io_.stop(); });
    }
    open_ = connections_.size();
    for (const auto& connection : connections_) send(*connection, Clock::now());
    io_.run();
    tally_.stop();
    return tally_.json();
  }

  void answered(Connection& connection, Time since, std::size_t refused) override {
    const auto now = Clock::now();
    tally_.add_latency(since, now);
    tally_.add_errors(refused);
    if (refused == 0) tally_.add_jobs(batch_);
    answered_ += batch_;
    if (count_ > 0 && answered_ >= count_) return io_.stop();
    send(connection, now);
  }

  void delivered(Connection& /*connection*/) override {}

  void lost(Connection& /*connection*/, std::size_t unanswered) override {
    tally_.add_errors(std::max<std::size_t>(unanswered, 1));
    if (--open_ == 0) io_.stop();
  }

 private:
  void send(Connection& connection, Time now) {
    if (count_ > 0 && sent_ >= count_) return;
    sent_ += batch_;
    connection.enqueue(now);
  }

  boost::asio::io_context io_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE};
  std::size_t batch_;
  std::size_t count_;
  std::chrono::duration<double> limit_;
  boost::asio::steady_timer timer_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::size_t open_ = 0;
  std::size_t sent_ = 0;
  std::size_t answered_ = 0;
  Tally tally_;
};

}  // namespace

std::string enqueue(const Target& target, double seconds, std::size_t count) {
  return Enqueue(target, seconds, count).run();
}

}  // namespace bench
