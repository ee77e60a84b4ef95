#include "processors/push/dial.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

namespace jobqd::processors::push {

namespace asio = boost::asio;
namespace ip = asio::ip;
using boost::system::error_code;

std::vector<ip::address> in_dialling_order(const std::vector<ip::address>& addresses) {
  auto ordered = addresses;
  for (std::size_t i = 1; i < ordered.size(); ++i) {
    const auto other =
        std::find_if(ordered.begin() + static_cast<std::ptrdiff_t>(i), ordered.end(),
                     [&](const auto& address) { return address.is_v6() != ordered[i - 1].is_v6(); });
    if (other == ordered.end()) break;  // The rest is of one family.
    std::rotate(ordered.begin() + static_cast<std::ptrdiff_t>(i), other, other + 1);
  }
  if (ordered.size() > most_addresses) ordered.resize(most_addresses);
  return ordered;
}

Dial::Dial(asio::io_context& context, std::vector<ip::tcp::endpoint> endpoints, base::milliseconds stagger,
           Done done)
    : context_(context),
      endpoints_(std::move(endpoints)),
      stagger_(stagger),
      done_(std::move(done)),
      timer_(context) {
  sockets_.reserve(endpoints_.size());
}

void Dial::try_next() {
  const auto number = sockets_.size();
  auto& socket = sockets_.emplace_back(context_);
  socket.async_connect(endpoints_[number],
                       [this, number](const error_code& error) { answered(number, error); });
  if (sockets_.size() == endpoints_.size()) return;
  timer_.expires_after(stagger_);
  timer_.async_wait([this](const error_code& error) {
    if (!error && done_ && sockets_.size() < endpoints_.size()) try_next();
  });
}

void Dial::answered(std::size_t number, const error_code& error) {
  if (!done_) return;
  if (!error) {
    auto winner = std::move(sockets_[number]);
    for (auto& socket : sockets_) {
      error_code ignored;
      socket.close(ignored);
    }
    timer_.cancel();
    return std::exchange(done_, {})(error, std::move(winner));
  }
  ++failed_;
  if (failed_ == endpoints_.size()) return std::exchange(done_, {})(error, ip::tcp::socket(context_));
  if (sockets_.size() < endpoints_.size()) try_next();
}

}  // namespace jobqd::processors::push
