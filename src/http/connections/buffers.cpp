// What a connection has received and what it has to send.

#include "http/connections/buffers.hpp"

#include <jobqd/base/check.hpp>

namespace jobqd::http {

namespace {

/// Buffers that have grown beyond this are given back once they are empty: most connections idle most of the
/// time.
constexpr std::size_t kept_in = 4UL * 1024;
constexpr std::size_t kept_out = 16UL * 1024;

}  // namespace

boost::asio::mutable_buffer Input::begin_read(std::size_t size, bool ahead) {
  JOBQD_CHECK(!reading());
  if (ahead) {
    read_ = Read::ahead;
    ahead_.resize(size);
    return boost::asio::buffer(ahead_);
  }
  read_ = Read::direct;
  if (bytes_.size() == 0 && bytes_.capacity() > kept_in) bytes_ = {};
  return bytes_.prepare(size);
}

void Input::received(std::size_t bytes) {
  JOBQD_CHECK(reading());
  if (read_ == Read::ahead) {
    boost::asio::buffer_copy(bytes_.prepare(bytes), boost::asio::buffer(ahead_.data(), bytes));
  }
  bytes_.commit(bytes);
  read_ = Read::none;
}

void Input::end() {
  read_ = Read::none;
  ended_ = true;
}

std::string_view Output::unsent() {
  if (sending_.empty()) sending_.swap(gathered_);
  return std::string_view(sending_).substr(offset_);
}

void Output::sent(std::size_t bytes) {
  offset_ += bytes;
  if (offset_ < sending_.size()) return;
  offset_ = 0;
  sending_.clear();
  if (sending_.capacity() > kept_out) sending_.shrink_to_fit();
  if (gathered_.empty()) is_sending_ = false;
}

}  // namespace jobqd::http
