// A bare redis list: LPUSH, which takes a whole array; BRPOP, which hands a job over at most once.

#include <fmt/format.h>

#include "protocol.hpp"

namespace bench {

namespace {

/// Bytes of the reply that `in` starts with; 0 while it is not complete.
std::size_t reply_bytes(std::string_view in) {
  const auto end = in.find("\r\n");
  if (end == std::string_view::npos) return 0;
  const auto line = end + 2;
  const auto nil = in.size() > 1 && in[1] == '-';
  if (nil || (in[0] != '$' && in[0] != '*')) return line;
  const auto number = leading_number(in.substr(1));
  if (in[0] == '$') return in.size() < line + number + 2 ? 0 : line + number + 2;
  auto size = line;
  for (std::size_t i = 0; i < number; ++i) {
    const auto item = reply_bytes(in.substr(size));
    if (item == 0) return 0;
    size += item;
  }
  return size;
}

class Redis : public Protocol {
 public:
  explicit Redis(const JobShape& shape) {
    request_ = fmt::format("*{}\r\n$5\r\nLPUSH\r\n$4\r\njobs\r\n", shape.batch + 2);
    const auto item =
        fmt::format("${}\r\n{}\r\n", shape.payload_bytes, std::string(shape.payload_bytes, 'x'));
    for (std::size_t i = 0; i < shape.batch; ++i) request_ += item;
  }

  void enqueue(std::string& out) override { out += request_; }
  void ask(std::string& out) override { out += "*3\r\n$5\r\nBRPOP\r\n$4\r\njobs\r\n$1\r\n0\r\n"; }
  void ping(std::string& out) override { out += "*1\r\n$4\r\nPING\r\n"; }

  Frame read(std::string_view in, std::string& out) override {
    const auto size = reply_bytes(in);
    if (size == 0) return {};
    switch (in[0]) {
      case ':':
        return {.bytes = size, .said = Said::accepted};
      case '-':
        return {.bytes = size, .said = Said::refused};
      case '*':
        ask(out);
        return {.bytes = size, .said = Said::delivered};
      default:
        return {.bytes = size};
    }
  }

 private:
  std::string request_;
};

}  // namespace

std::unique_ptr<Protocol> make_redis(const JobShape& shape) {
  return std::make_unique<Redis>(shape);
}

}  // namespace bench
