// beanstalkd's text protocol: put; reserve and delete. An array is that many puts in one write.

#include <fmt/format.h>

#include "protocol.hpp"

namespace bench {

namespace {

class Beanstalkd : public Protocol {
 public:
  explicit Beanstalkd(const JobShape& shape) : batch_(shape.batch) {
    const auto put = fmt::format("put 1024 {} 60 {}\r\n{}\r\n", shape.delay, shape.payload_bytes,
                                 std::string(shape.payload_bytes, 'x'));
    for (std::size_t i = 0; i < batch_; ++i) request_ += put;
  }

  void enqueue(std::string& out) override { out += request_; }
  [[nodiscard]] std::size_t answers() const override { return batch_; }
  void ask(std::string& out) override { out += "reserve\r\n"; }
  void ping(std::string& out) override { out += "list-tube-used\r\n"; }

  Frame read(std::string_view in, std::string& out) override {
    const auto end = in.find("\r\n");
    if (end == std::string_view::npos) return {};
    const auto line = in.substr(0, end);
    if (line.starts_with("INSERTED ")) return {.bytes = end + 2, .said = Said::accepted};
    if (line == "DELETED" || line.starts_with("USING ")) return {.bytes = end + 2};
    if (!line.starts_with("RESERVED ")) return {.bytes = end + 2, .said = Said::refused};

    const auto id = line.substr(9, line.find(' ', 9) - 9);
    const auto size = end + 2 + leading_number(line.substr(9 + id.size() + 1)) + 2;
    if (in.size() < size) return {};
    out += fmt::format("delete {}\r\nreserve\r\n", id);
    return {.bytes = size, .said = Said::delivered};
  }

 private:
  std::size_t batch_;
  std::string request_;
};

}  // namespace

std::unique_ptr<Protocol> make_beanstalkd(const JobShape& shape) {
  return std::make_unique<Beanstalkd>(shape);
}

}  // namespace bench
