// POST /enqueue over HTTP/1.1, to jobqd or to anything that answers the same request; and leases, to jobqd.

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

std::string post(std::string_view path, std::string_view body) {
  return fmt::format(
      "POST {} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
      path, body.size(), body);
}

/// The string of that name in JSON that jobqd wrote.
std::string_view string_of(std::string_view json, std::string_view name) {
  const auto key = fmt::format("\"{}\":\"", name);
  const auto at = json.find(key);
  if (at == std::string_view::npos) return {};
  const auto text = json.substr(at + key.size());
  return text.substr(0, text.find('"'));
}

class Http : public Protocol {
 public:
  explicit Http(const JobShape& shape) : request_(post("/enqueue", body_text(shape))) {}

  void greet(std::string& /*out*/, bool works) override { works_ = works; }

  void enqueue(std::string& out) override { out += request_; }

  void ask(std::string& out) override { out += post("/v1/queues/default/lease", R"({"wait":"60s"})"); }

  void ping(std::string& out) override { out += "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"; }

  Frame read(std::string_view in, std::string& out) override {
    constexpr std::string_view length = "\r\nContent-Length: ";
    const auto head = in.find("\r\n\r\n");
    if (head == std::string_view::npos) return {};
    const auto field = in.substr(0, head).find(length);
    const auto body = field == std::string_view::npos ? 0 : leading_number(in.substr(field + length.size()));
    const auto size = head + 4 + body;
    if (in.size() < size) return {};
    // "HTTP/1.1 202": all that is not a success is an error here.
    if (in[9] != '2') return {.bytes = size, .said = Said::refused};
    return {.bytes = size, .said = works_ ? read_lease(in.substr(head + 4, body), out) : Said::accepted};
  }

 private:
  /// Completes the leased job, unless this is the answer to a completion, and asks for the next one.
  Said read_lease(std::string_view body, std::string& out) {
    const auto token = string_of(body, "token");
    if (token.empty()) return Said::nothing;
    out += post(fmt::format("/v1/jobs/{}/complete", string_of(body, "id")),
                fmt::format(R"({{"token":"{}"}})", token));
    ask(out);
    return Said::delivered;
  }

  std::string request_;
  bool works_ = false;
};

}  // namespace

std::unique_ptr<Protocol> make_http(const JobShape& shape) {
  return std::make_unique<Http>(shape);
}

}  // namespace bench
