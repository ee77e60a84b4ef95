#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <jobqd/base/clock.hpp>

namespace jobqd::processors {

/// The answer to a POST.
struct HttpAnswer {
  unsigned status = 0;
  std::optional<base::milliseconds> retry_after = {};  ///< Retry-After, at most a day.
  std::string body = {};                               ///< Its first 64 KiB.
};

/// Posts to a URL of the configuration, with the connections of the http processor: TLS 1.2 or 1.3 with
/// verified certificates, connections kept for a second, redirects not followed. Other than a push it may
/// connect to any address, because no client chooses the URL.
///
/// Thread-safe. A stop ends a call at once.
class HttpClient {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  /// `headers` go with each request. `timeout`, more than 0, is that of the look-up, of the connection, and
  /// of request and answer. The error is one line: what is wrong with the URL, or with the authorities of the
  /// system. `clock` outlives the client. Throws std::system_error where there is no thread to be had.
  [[nodiscard]] static std::expected<std::unique_ptr<HttpClient>, std::string> make(
      std::string_view url, Headers headers, base::milliseconds timeout, const base::Clock& clock);
  ~HttpClient();

  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// The error is one line: why there is no answer.
  [[nodiscard]] std::expected<HttpAnswer, std::string> post(std::string body, const std::stop_token& stop);

 private:
  class Impl;
  explicit HttpClient(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

/// What is wrong with an http or https URL; empty: nothing.
[[nodiscard]] std::string http_url_fault(std::string_view url);

}  // namespace jobqd::processors
