#include "connection.hpp"

#include <algorithm>
#include <stdexcept>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

namespace bench {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

void Connection::open(std::uint16_t port, bool works) {
  socket_.connect(tcp::endpoint(asio::ip::address_v4::loopback(), port));
  socket_.set_option(tcp::no_delay(true));
  socket_.non_blocking(true);
  protocol_->greet(out_, works);
  flush();
  read();
}

void Connection::enqueue(Time since) {
  in_flight_.push_back({.since = since, .answers_left = protocol_->answers()});
  protocol_->enqueue(out_);
  flush();
}

void Connection::ask() {
  protocol_->ask(out_);
  flush();
}

void Connection::read() {
  socket_.async_read_some(asio::buffer(in_.data() + filled_, in_.size() - filled_),
                          [this](const error_code& code, std::size_t bytes) {
                            if (code == asio::error::operation_aborted) return;
                            if (code) return close();
                            on_read(bytes);
                          });
}

void Connection::on_read(std::size_t bytes) {
  filled_ += bytes;
  std::string_view rest(in_.data(), filled_);
  // Everything that is written meanwhile is sent in one piece.
  processing_ = true;
  while (!rest.empty()) {
    const auto frame = protocol_->read(rest, out_);
    if (frame.bytes == 0) break;
    rest.remove_prefix(frame.bytes);
    heard(frame.said);
  }
  processing_ = false;
  std::copy(rest.begin(), rest.end(), in_.begin());
  filled_ = rest.size();
  if (filled_ == in_.size()) in_.resize(2 * in_.size());
  flush();
  if (socket_.is_open()) read();
}

void Connection::heard(Said said) {
  if (said == Said::nothing) return;
  if (said == Said::delivered) return listener_.delivered(*this);
  if (in_flight_.empty()) return;
  auto& request = in_flight_.front();
  if (said == Said::refused) ++request.refused;
  if (--request.answers_left > 0) return;
  const auto done = request;
  in_flight_.pop_front();
  listener_.answered(*this, done.since, done.refused);
}

void Connection::flush() {
  if (processing_ || !sending_.empty() || out_.empty()) return;
  error_code code;
  const auto sent = socket_.write_some(asio::buffer(out_), code);
  if (code && code != asio::error::would_block) return close();
  if (sent == out_.size()) return out_.clear();
  sending_.assign(out_, sent);
  out_.clear();
  write_rest();
}

void Connection::write_rest() {
  asio::async_write(socket_, asio::buffer(sending_), [this](const error_code& code, std::size_t /*bytes*/) {
    if (code == asio::error::operation_aborted) return;
    if (code) return close();
    sending_.clear();
    flush();
  });
}

void Connection::close() {
  if (!socket_.is_open()) return;
  error_code ignored;
  socket_.close(ignored);
  listener_.lost(*this, in_flight_.size());
  in_flight_.clear();
}

std::vector<std::unique_ptr<Connection>> open_all(asio::io_context& io, std::string_view protocol,
                                                  const JobShape& shape, std::uint16_t port,
                                                  std::size_t count, bool works, Listener& listener) {
  std::vector<std::unique_ptr<Connection>> all;
  for (std::size_t i = 0; i < count; ++i) {
    auto language = make_protocol(protocol, shape);
    if (!language) throw std::invalid_argument("there is no protocol of that name");
    all.push_back(std::make_unique<Connection>(io, std::move(language), listener));
    all.back()->open(port, works);
  }
  return all;
}

}  // namespace bench
