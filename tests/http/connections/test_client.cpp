#include "http/connections/test_client.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace jobqd::http {

namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view head_end = "\r\n\r\n";

std::size_t number(std::string_view text) {
  std::size_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return result;
}

/// The head without its empty line.
Answer read_head(std::string_view head) {
  Answer answer;
  if (!head.starts_with("HTTP/1.1 "))
    throw std::runtime_error("this is no answer: " + std::string(head.substr(0, 100)));
  answer.status = static_cast<int>(number(head.substr(9, 3)));
  for (auto at = head.find(line_end); at != std::string_view::npos; at = head.find(line_end)) {
    head.remove_prefix(at + line_end.size());
    const auto line = head.substr(0, head.find(line_end));
    const auto colon = line.find(": ");
    if (colon == std::string_view::npos) throw std::runtime_error("this is no field: " + std::string(line));
    answer.fields[lower(line.substr(0, colon))] = line.substr(colon + 2);
  }
  return answer;
}

bool ready(int socket, short events, base::milliseconds time) {
  pollfd waiting{.fd = socket, .events = events, .revents = 0};
  return poll(&waiting, 1, static_cast<int>(time.count())) == 1;
}

}  // namespace

std::string Answer::field(std::string_view name) const {
  const auto found = fields.find(name);
  return found == fields.end() ? "" : found->second;
}

TestClient::TestClient(std::uint16_t port, int receive_buffer)
    : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const int yes = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (receive_buffer > 0) setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("cannot connect");
}

TestClient::~TestClient() {
  if (socket_ >= 0) close(socket_);
}

bool TestClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    if (!ready(socket_, POLLOUT, patience_)) return false;
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool TestClient::receive() {
  std::array<char, 65536> buffer{};
  if (!ready(socket_, POLLIN, patience_)) return false;
  const auto bytes = recv(socket_, buffer.data(), buffer.size(), 0);
  if (bytes <= 0) return false;
  in_.append(buffer.data(), static_cast<std::size_t>(bytes));
  return true;
}

std::optional<Answer> TestClient::read_answer(bool to_head) {
  while (!in_.contains(head_end))
    if (!receive()) return std::nullopt;
  const auto head_size = in_.find(head_end);
  Answer answer = read_head(std::string_view(in_).substr(0, head_size));
  in_.erase(0, head_size + head_end.size());
  if (!to_head && answer.field("transfer-encoding") == "chunked") {
    auto body = read_chunks();
    if (!body) return std::nullopt;
    answer.body = *std::move(body);
    return answer;
  }
  const auto length = to_head ? 0 : number(answer.field("content-length"));
  while (in_.size() < length)
    if (!receive()) return std::nullopt;
  answer.body = in_.substr(0, length);
  in_.erase(0, length);
  return answer;
}

std::optional<std::string> TestClient::read_chunks() {
  std::string body;
  for (;;) {
    while (!in_.contains(line_end))
      if (!receive()) return std::nullopt;
    const auto digits = in_.find(line_end);
    std::size_t size = 0;
    std::from_chars(in_.data(), in_.data() + digits, size, 16);
    const auto whole = digits + line_end.size() + size + line_end.size();
    while (in_.size() < whole)
      if (!receive()) return std::nullopt;
    body += in_.substr(digits + line_end.size(), size);
    in_.erase(0, whole);
    if (size == 0) return body;
  }
}

bool TestClient::at_end() {
  if (!in_.empty() || !ready(socket_, POLLIN, patience_)) return false;
  return !receive();
}

std::string TestClient::read_to_end() {
  while (receive()) {
  }
  return std::exchange(in_, {});
}

bool TestClient::something_within(base::milliseconds time) const {
  return !in_.empty() || ready(socket_, POLLIN, time);
}

void TestClient::finish_sending() const {
  shutdown(socket_, SHUT_WR);
}

void TestClient::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(std::exchange(socket_, -1));
}

}  // namespace jobqd::http
