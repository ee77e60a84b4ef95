#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <jobqd/base/clock.hpp>

#include "support/patience.hpp"

namespace jobqd::http {

/// An answer as it came over the wire.
struct Answer {
  int status = 0;
  std::map<std::string, std::string, std::less<>> fields = {};  ///< Names in lower case.
  std::string body = {};

  /// Empty if it is missing.
  [[nodiscard]] std::string field(std::string_view name) const;
};

/// One TCP connection to a server on this machine. Whatever it waits for comes within its patience, or it
/// gives up. One thread.
class TestClient {
 public:
  /// `receive_buffer`: bytes that the kernel may hold for it; 0 as usual.
  explicit TestClient(std::uint16_t port, int receive_buffer = 0);
  ~TestClient();

  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  void be_patient_for(base::milliseconds patience) { patience_ = patience; }

  /// false when the server has closed, or takes nothing more.
  bool send(std::string_view bytes);

  /// The next answer, interim ones (1xx) included; empty when the server closes, or patience ends, before it
  /// is complete.
  std::optional<Answer> read_answer(bool to_head = false);

  /// send() and read_answer().
  std::optional<Answer> ask(std::string_view request) {
    send(request);
    return read_answer(request.starts_with("HEAD "));
  }

  /// Whether the server has closed, with nothing more to read.
  [[nodiscard]] bool at_end();

  /// Everything until the server closes.
  std::string read_to_end();

  /// Whether something comes, if only the end, within this time.
  [[nodiscard]] bool something_within(base::milliseconds time) const;

  /// No more requests; answers are still read.
  void finish_sending() const;

  /// Ends the connection by a RST.
  void reset();

 private:
  bool receive();
  std::optional<std::string> read_chunks();

  int socket_;
  base::milliseconds patience_ = support::patience;
  std::string in_;
};

}  // namespace jobqd::http
