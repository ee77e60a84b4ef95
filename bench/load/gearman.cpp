// Gearman's binary protocol: background jobs in, one at a time out. An array is that many submissions in one
// write.

#include "protocol.hpp"

namespace bench {

namespace {

enum Packet : std::uint32_t {
  can_do = 1,
  pre_sleep = 4,
  noop = 6,
  job_created = 8,
  grab_job = 9,
  no_job = 10,
  job_assign = 11,
  work_complete = 13,
  echo_request = 16,
  echo_response = 17,
  submit_background = 18,
  error = 19,
};

constexpr std::size_t head_bytes = 12;

void append_number(std::string& out, std::size_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>((number >> shift) & 0xFF));
}

std::size_t read_number(std::string_view in) {
  std::size_t number = 0;
  for (const char c : in.substr(0, 4)) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

void append_packet(std::string& out, Packet packet, std::string_view body) {
  out.append("\0REQ", 4);
  append_number(out, packet);
  append_number(out, body.size());
  out += body;
}

class Gearman : public Protocol {
 public:
  explicit Gearman(const JobShape& shape) : batch_(shape.batch) {
    std::string job("noop\0\0", 6);  // The function, and no unique id.
    job.append(shape.payload_bytes, 'x');
    for (std::size_t i = 0; i < batch_; ++i) append_packet(request_, submit_background, job);
  }

  void greet(std::string& out, bool works) override {
    if (works) append_packet(out, can_do, "noop");
  }

  void enqueue(std::string& out) override { out += request_; }
  [[nodiscard]] std::size_t answers() const override { return batch_; }
  void ask(std::string& out) override { append_packet(out, grab_job, ""); }
  void ping(std::string& out) override { append_packet(out, echo_request, "x"); }

  Frame read(std::string_view in, std::string& out) override {
    if (in.size() < head_bytes) return {};
    const auto size = head_bytes + read_number(in.substr(8));
    if (in.size() < size) return {};
    switch (read_number(in.substr(4))) {
      case job_created:
        return {.bytes = size, .said = Said::accepted};
      case error:
        return {.bytes = size, .said = Said::refused};
      case no_job:
        append_packet(out, pre_sleep, "");
        break;
      case noop:
        ask(out);
        break;
      case job_assign: {
        const auto body = in.substr(head_bytes);
        append_packet(out, work_complete, body.substr(0, body.find('\0') + 1));  // The handle, and no result.
        ask(out);
        return {.bytes = size, .said = Said::delivered};
      }
      default:
        break;
    }
    return {.bytes = size};
  }

 private:
  std::size_t batch_;
  std::string request_;
};

}  // namespace

std::unique_ptr<Protocol> make_gearman(const JobShape& shape) {
  return std::make_unique<Gearman>(shape);
}

}  // namespace bench
