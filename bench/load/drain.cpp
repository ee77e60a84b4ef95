#include <boost/asio/steady_timer.hpp>

#include "modes.hpp"
#include "tally.hpp"

namespace bench {

namespace {

class Drain : public Listener {
 public:
  Drain(const Target& target, double seconds, std::size_t count)
      : count_(count), limit_(seconds), timer_(io_) {
    connections_ = open_all(io_, target.protocol, target.shape, target.port, target.connections, true, *this);
  }

  std::string run() {
    timer_.expires_after(std::chrono::duration_cast<Clock::duration>(limit_));
    timer_.async_wait([this](const boost::system::error_code&) { io_.stop(); });
    tally_.start();
    for (const auto& connection : connections_) connection->ask();
    io_.run();
    tally_.stop();
    return tally_.json();
  }

  void answered(Connection& /*connection*/, Time /*since*/, std::size_t /*refused*/) override {}

  void delivered(Connection& /*connection*/) override {
    tally_.add_jobs(1);
    if (tally_.jobs() == count_) io_.stop();
  }

  void lost(Connection& /*connection*/, std::size_t /*unanswered*/) override {
    tally_.add_errors(1);
    io_.stop();
  }

 private:
  boost::asio::io_context io_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE};
  std::size_t count_;
  std::chrono::duration<double> limit_;
  boost::asio::steady_timer timer_;
  std::vector<std::unique_ptr<Connection>> connections_;
  Tally tally_;
};

}  // namespace

std::string drain(const Target& target, double seconds, std::size_t count) {
  return Drain(target, seconds, count).run();
}

}  // namespace bench
