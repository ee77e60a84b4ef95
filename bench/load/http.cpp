// POST /enqueue over HTTP/1.1, to jobqd or to anything that answers the same request.

#include <fmt/format.h>

#include "protocol.hpp"

namespace bench {

namespace {

std::string job_text(const JobShape& shape) {
  // The quotes are part of the payload.
  auto text = fmt::format(R"({{"payload":"{}")", std::string(shape.payload_bytes - 2, 'x'));
  if (shape.delay > 0) text += fmt::format(R"(,"delay":{})", shape.delay);
  if (!shape.run_at.empty()) text += fmt::format(R"(,"run_at":"{}")", shape.run_at);
  return text + "}";
}

std::string body_text(const JobShape& shape) {
  auto job = job_text(shape);
  if (shape.batch == 1) return job;
  std::string body = "[" + job;
  for (std::size_t i = 1; i < shape.batch; ++i) body += "," + job;
  return body + "]";
}

class Http : public Protocol {
 public:
  explicit Http(const JobShape& shape) {
    const auto body = body_text(shape);
    request_ = fmt::format(
        "POST /enqueue HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: "
        "{}\r\n\r\n{}",
        body.size(), body);
  }

  void enqueue(std::string& out) override { out += request_; }

  void ping(std::string& out) override { out += "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"; }

  Frame read(std::string_view in, std::string& /*out*/) override {
    constexpr std::string_view length = "\r\nContent-Length: ";
    const auto head = in.find("\r\n\r\n");
    if (head == std::string_view::npos) return {};
    const auto field = in.substr(0, head).find(length);
    const auto body = field == std::string_view::npos ? 0 : leading_number(in.substr(field + length.size()));
    const auto size = head + 4 + body;
    if (in.size() < size) return {};
    // "HTTP/1.1 202": all that is not a success is an error here.
    return {.bytes = size, .said = in[9] == '2' ? Said::accepted : Said::refused};
  }

 private:
  std::string request_;
};

}  // namespace

std::unique_ptr<Protocol> make_http(const JobShape& shape) {
  return std::make_unique<Http>(shape);
}

}  // namespace bench
