#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/ssl/context.hpp>

#include <jobqd/base/mutex.hpp>
#include <jobqd/base/watched_files.hpp>
#include <jobqd/engine/files.hpp>

#include "processors/push/options.hpp"

namespace jobqd::processors::push {

/// What a push signs with, and which authorities it trusts: secrets from variables and from files, and the
/// certificates of a file. Follows the files when they change. Thread-safe, as engine::Files says.
class Credentials final : public engine::Files {
 public:
  using Keys = std::vector<std::string>;

  /// The error is one line: the key of the options, and why it cannot be used.
  [[nodiscard]] static std::expected<std::shared_ptr<Credentials>, std::string> make(const Options& options);

  /// Every one of them signs. Those of variables first.
  [[nodiscard]] std::shared_ptr<const Keys> keys() const;

  /// For new connections.
  [[nodiscard]] std::shared_ptr<boost::asio::ssl::context> tls() const;

  std::vector<std::string> look() override;

 private:
  struct Watched {
    std::string path;
    base::WatchedFiles file;
  };

  explicit Credentials(const Options& options);

  std::string take_key(std::size_t position, const std::string& path);
  std::string take_authorities(const std::string& path);

  // Used by make() and look() only.
  std::vector<Watched> secret_files_;
  std::optional<Watched> ca_file_;
  std::size_t first_of_files_ = 0;  ///< The position of the first key that is from a file.

  mutable base::Mutex mutex_;
  std::shared_ptr<const Keys> keys_ JOBQD_GUARDED_BY(mutex_);
  std::shared_ptr<boost::asio::ssl::context> tls_ JOBQD_GUARDED_BY(mutex_);
};

/// A secret from the first line of a file. The error does not contain it.
[[nodiscard]] std::expected<std::string, std::string> secret_in_file(const std::string& path);

}  // namespace jobqd::processors::push
