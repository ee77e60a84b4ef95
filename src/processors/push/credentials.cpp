#include "processors/push/credentials.hpp"

#include <utility>

#include <fmt/format.h>

#include <jobqd/base/size.hpp>
#include <jobqd/base/small_file.hpp>

#include "processors/push/signature.hpp"
#include "processors/push/tls.hpp"

namespace jobqd::processors::push {

namespace {

using Tls = boost::asio::ssl::context;
using Readers = base::WatchedFiles::Readers;

/// Adds what is new about a file to the end of `all`, under the key that names the file.
void report(std::string_view key, const std::vector<std::string>& news, std::vector<std::string>& all) {
  for (const auto& line : news) all.push_back(fmt::format("{}: {}", key, line));
}

}  // namespace

std::expected<std::string, std::string> secret_in_file(const std::string& path) {
  constexpr std::size_t most = 64 * base::kib;
  const auto content = base::read_small_file(path, most);
  if (!content) return std::unexpected(fmt::format("{}: {}", path, content.error()));
  if (content->empty()) return std::unexpected(fmt::format("{}: the file is empty", path));
  auto line = content->substr(0, content->find('\n'));
  while (line.ends_with('\r') || line.ends_with(' ')) line.pop_back();
  if (const auto fault = secret_fault(line); !fault.empty())
    return std::unexpected(fmt::format("the first line of {} is no secret: {}", path, fault));
  return line;
}

Credentials::Credentials(const Options& options) : first_of_files_(options.secrets.size()) {
  for (const auto& path : options.secret_files)
    secret_files_.push_back(
        {.path = path, .file = base::WatchedFiles({{.path = path, .readers = Readers::no_others}})});
  if (!options.ca_file.empty())
    ca_file_ = {.path = options.ca_file, .file = base::WatchedFiles({{.path = options.ca_file}})};
}

std::expected<std::shared_ptr<Credentials>, std::string> Credentials::make(const Options& options) {
  std::shared_ptr<Credentials> made(new Credentials(options));
  Keys keys;
  for (const auto& secret : options.secrets) {
    auto key = read_secret(secret);
    if (!key) return std::unexpected(std::move(key.error()));
    keys.push_back(*std::move(key));
  }
  keys.resize(keys.size() + options.secret_files.size());
  {
    const base::MutexLock lock(made->mutex_);
    made->keys_ = std::make_shared<const Keys>(std::move(keys));
  }
  for (std::size_t i = 0; i < options.secret_files.size(); ++i)
    if (auto fault = made->take_key(made->first_of_files_ + i, options.secret_files[i]); !fault.empty())
      return std::unexpected(fmt::format("secret_file: {}", fault));
  if (auto fault = made->take_authorities(options.ca_file); !fault.empty()) return std::unexpected(fault);
  return made;
}

std::shared_ptr<const Credentials::Keys> Credentials::keys() const {
  const base::MutexLock lock(mutex_);
  return keys_;
}

std::shared_ptr<Tls> Credentials::tls() const {
  const base::MutexLock lock(mutex_);
  return tls_;
}

std::vector<std::string> Credentials::look() {
  std::vector<std::string> news;
  auto position = first_of_files_;
  for (auto& [path, file] : secret_files_) {
    report("secret_file", file.look([&] { return take_key(position, path); }), news);
    ++position;
  }
  if (ca_file_)
    report("ca_file", ca_file_->file.look([this] { return take_authorities(ca_file_->path); }), news);
  return news;
}

std::string Credentials::take_key(std::size_t position, const std::string& path) {
  const auto secret = secret_in_file(path);
  if (!secret) return secret.error();
  auto key = read_secret(*secret);
  if (!key) return key.error();
  const base::MutexLock lock(mutex_);
  auto keys = std::make_shared<Keys>(*keys_);
  keys->at(position) = *std::move(key);
  keys_ = std::move(keys);
  return {};
}

std::string Credentials::take_authorities(const std::string& path) {
  auto tls = std::make_shared<Tls>(Tls::tls_client);
  if (auto prepared = prepare(*tls, path); !prepared)
    return path.empty() ? prepared.error() : fmt::format("{}: {}", path, prepared.error());
  const base::MutexLock lock(mutex_);
  tls_ = std::move(tls);
  return {};
}

}  // namespace jobqd::processors::push
