#include "processors/push/tls.hpp"

#include <boost/asio/buffer.hpp>
#include <openssl/ssl.h>

#include <jobqd/base/size.hpp>
#include <jobqd/base/small_file.hpp>

namespace jobqd::processors::push {

std::expected<void, std::string> prepare(boost::asio::ssl::context& tls, const std::string& ca_file) {
  boost::system::error_code error;
  SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION);
  tls.set_verify_mode(boost::asio::ssl::verify_peer);
  if (ca_file.empty()) {
    tls.set_default_verify_paths(error);
  } else {
    constexpr std::size_t most = 16 * base::mib;
    const auto certificates = base::read_small_file(ca_file, most);
    if (!certificates) return std::unexpected(certificates.error());
    tls.add_certificate_authority(boost::asio::buffer(*certificates), error);  // All that are in it.
  }
  if (error) return std::unexpected(error.message());
  return {};
}

}  // namespace jobqd::processors::push
