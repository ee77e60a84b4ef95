#include "processors/push/tls.hpp"

#include <openssl/ssl.h>

namespace jobqd::processors::push {

std::expected<void, std::string> prepare(boost::asio::ssl::context& tls, const std::string& ca_file) {
  boost::system::error_code error;
  SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION);
  tls.set_verify_mode(boost::asio::ssl::verify_peer);
  if (ca_file.empty())
    tls.set_default_verify_paths(error);
  else
    tls.load_verify_file(ca_file, error);
  if (error) return std::unexpected(error.message());
  return {};
}

}  // namespace jobqd::processors::push
