#include "processors/push/receiver.hpp"

#include <array>
#include <charconv>

#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

namespace jobqd::processors::push {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;

std::string ServedConnection::request() {
  ErrorCode failed;
  const auto head = asio::read_until(socket_, asio::dynamic_buffer(buffer_), "\r\n\r\n", failed);
  if (failed) return {};
  std::size_t length = 0;
  constexpr std::string_view field = "Content-Length: ";
  if (const auto at = buffer_.find(field); at < head)
    std::from_chars(buffer_.data() + at + field.size(), buffer_.data() + head, length);
  const auto whole = head + length;
  if (buffer_.size() < whole)
    asio::read(socket_, asio::dynamic_buffer(buffer_), asio::transfer_exactly(whole - buffer_.size()),
               failed);
  if (failed) return {};
  auto request = buffer_.substr(0, whole);
  buffer_.erase(0, whole);
  return request;
}

bool ServedConnection::try_send(std::string_view text) {
  ErrorCode failed;
  asio::write(socket_, asio::buffer(text.data(), text.size()), failed);
  return !failed;
}

void ServedConnection::send(std::string_view text) {
  (void)try_send(text);
}

void ServedConnection::answer(std::string_view body) {
  send(fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", body.size(), body));
}

void ServedConnection::wait_for_end() {
  ErrorCode failed;
  std::array<char, 4096> buffer{};
  while (!failed) socket_.read_some(asio::buffer(buffer), failed);
}

void ServedConnection::read_some() {
  ErrorCode failed;
  std::array<char, 16> buffer{};
  socket_.read_some(asio::buffer(buffer), failed);
}

void ServedConnection::close() {
  ErrorCode ignored;
  socket_.close(ignored);
}

Receiver::Receiver(Serve serve)
    : acceptor_(io_, {asio::ip::address_v4::loopback(), 0}),
      port_(acceptor_.local_endpoint().port()),
      thread_([this, serve = std::move(serve)] { run(serve); }) {}

Receiver::~Receiver() {
  ending_ = true;
  asio::io_context io;  // Wakes accept().
  asio::ip::tcp::socket last(io);
  ErrorCode ignored;
  last.connect({asio::ip::address_v4::loopback(), port_}, ignored);
  thread_.join();
}

std::string Receiver::url(const std::string& host) const {
  return fmt::format("http://{}:{}/hook?a=b", host, port_);
}

void Receiver::run(const Serve& serve) {
  while (true) {
    ErrorCode failed;
    auto socket = acceptor_.accept(failed);
    if (ending_ || failed) return;
    ServedConnection connection(std::move(socket));
    serve(connection, ++connections_);
    connection.close();
  }
}

Receiver::Serve saying(std::string text) {
  return [text = std::move(text)](ServedConnection& connection, int) {
    connection.request();
    connection.send(text);
    connection.wait_for_end();
  };
}

}  // namespace jobqd::processors::push
