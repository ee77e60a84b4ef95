#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include <jobqd/base/mutex.hpp>
#include <jobqd/base/watched_files.hpp>
#include <jobqd/engine/files.hpp>

namespace boost::asio::ssl {
class context;  // NOLINT(readability-identifier-naming): Asio names it.
}

namespace jobqd::http {

/// Paths of PEM files, and what is demanded of clients.
struct TlsOptions {
  std::string certificate = {};  ///< The server's, followed by those that lead to its authority.
  std::string key = {};          ///< The private key of the certificate, without a passphrase.
  std::string client_ca = {};    ///< Authorities of clients' certificates; empty: none is asked for.
  bool client_required = false;  ///< Clients without a certificate are turned away.
  bool only_1_3 = false;         ///< TLS 1.2 is turned away too.
};

/// What TLS connections are served with: TLS 1.2 and 1.3, with ECDHE and AEAD ciphers only. Follows its files
/// when they change: connections that are open go on with what they began with. Thread-safe, as
/// engine::Files says.
class Tls final : public engine::Files {
 public:
  /// Reads the files. The error is one line: the setting, the file, and why it cannot be used.
  [[nodiscard]] static std::expected<std::shared_ptr<Tls>, std::string> load(TlsOptions options);

  /// For new connections.
  [[nodiscard]] std::shared_ptr<boost::asio::ssl::context> context() const;

  /// Reads the files again, changed or not. If they cannot be used it goes on with what it has.
  std::expected<void, std::string> load_again();

  std::vector<std::string> look() override;

 private:
  explicit Tls(TlsOptions options);

  const TlsOptions options_;
  base::WatchedFiles files_;  ///< Used by load() and look() only.

  mutable base::Mutex mutex_;
  std::shared_ptr<boost::asio::ssl::context> context_ JOBQD_GUARDED_BY(mutex_);
};

}  // namespace jobqd::http
