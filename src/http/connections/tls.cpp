// The certificates of TLS connections, and what is agreed upon with a client.

#include <jobqd/http/tls.hpp>

#include <array>
#include <string_view>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <jobqd/base/size.hpp>
#include <jobqd/base/small_file.hpp>

namespace jobqd::http {

namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

constexpr std::size_t largest_file = base::mib;

/// RFC 7301: a list of lengths and names.
constexpr std::string_view http_1_1 = "\x08http/1.1";

/// Of TLS 1.2; those of 1.3 are all of this kind.
constexpr const char* ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

/// A client that offers protocols has to offer this one, as RFC 7301 section 3.2 says.
int choose_protocol(SSL* /*connection*/, const unsigned char** chosen, unsigned char* length,
                    const unsigned char* offered, unsigned offered_length, void* /*unused*/) {
  unsigned char* found = nullptr;
  const auto result =
      SSL_select_next_proto(&found, length, reinterpret_cast<const unsigned char*>(http_1_1.data()),
                            http_1_1.size(), offered, offered_length);
  *chosen = found;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/// Without one OpenSSL would ask on the terminal.
std::string no_passphrase(std::size_t /*most*/, ssl::context::password_purpose /*purpose*/) {
  return {};
}

std::string fault(std::string_view setting, const std::string& path, std::string_view why) {
  return fmt::format("{}: {}: {}", setting, path, why);
}

/// Reads a file and gives it to `take`, which says what it is not, or nothing. Returns what is wrong; or
/// empty.
std::string read(std::string_view setting, const std::string& path, auto take) {
  const auto content = base::read_small_file(path, largest_file);
  if (!content) return fault(setting, path, content.error());
  ERR_clear_error();
  error_code code;
  const std::string_view allowed = take(boost::asio::buffer(*content), code);
  return code ? fault(setting, path, fmt::format("this is not {}", allowed)) : std::string();
}

bool is_of_another_key(const error_code& code) {
  const auto reason = ERR_GET_REASON(static_cast<unsigned long>(code.value()));
  return reason == X509_R_KEY_VALUES_MISMATCH || reason == X509_R_KEY_TYPE_MISMATCH;
}

/// Tells clients which authorities they need a certificate of, and demands one if the options say so.
void ask_for_certificates(SSL_CTX* context, bool required) {
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
  const auto* const authorities = X509_STORE_get0_objects(SSL_CTX_get_cert_store(context));
  for (int i = 0; i < sk_X509_OBJECT_num(authorities); ++i)
    if (auto* const authority = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(authorities, i)))
      SSL_CTX_add_client_CA(context, authority);
}

void restrict(SSL_CTX* context, bool only_1_3) {
  SSL_CTX_set_min_proto_version(context, only_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context, ciphers);
  // A request's own length shows whether it was cut off, so an end without close_notify is an end.
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
  // Idle connections keep no buffers, and a record is read with one call.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  constexpr std::string_view name = "jobqd";  // Sessions with a client's certificate are resumed by name.
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(name.data()), name.size());
}

/// Returns what is wrong; or empty.
std::string prepare(ssl::context& context, const TlsOptions& options) {
  restrict(context.native_handle(), options.only_1_3);
  context.set_password_callback(no_passphrase);
  auto wrong = read("TLS_CERT", options.certificate, [&](const auto& pem, error_code& code) {
    context.use_certificate_chain(pem, code);
    return "a certificate in PEM";
  });
  if (!wrong.empty()) return wrong;
  wrong = read("TLS_KEY", options.key, [&](const auto& pem, error_code& code) {
    context.use_private_key(pem, ssl::context::pem, code);
    return is_of_another_key(code) ? "the key of the certificate in TLS_CERT"
                                   : "a private key in PEM without a passphrase";
  });
  if (!wrong.empty() || options.client_ca.empty()) return wrong;
  wrong = read("TLS_CLIENT_CA", options.client_ca, [&](const auto& pem, error_code& code) {
    context.add_certificate_authority(pem, code);
    return "a list of certificates in PEM";
  });
  if (wrong.empty()) ask_for_certificates(context.native_handle(), options.client_required);
  return wrong;
}

std::vector<base::WatchedFiles::File> files_of(const TlsOptions& options) {
  std::vector<base::WatchedFiles::File> files{
      {.path = options.certificate},
      {.path = options.key, .readers = base::WatchedFiles::Readers::no_others}};
  if (!options.client_ca.empty()) files.push_back({.path = options.client_ca});
  return files;
}

}  // namespace

Tls::Tls(TlsOptions options) : options_(std::move(options)), files_(files_of(options_)) {}

std::expected<std::shared_ptr<Tls>, std::string> Tls::load(TlsOptions options) {
  std::shared_ptr<Tls> loaded(new Tls(std::move(options)));
  if (auto done = loaded->load_again(); !done) return std::unexpected(done.error());
  return loaded;
}

std::shared_ptr<ssl::context> Tls::context() const {
  const base::MutexLock lock(mutex_);
  return context_;
}

std::vector<std::string> Tls::look() {
  return files_.look([this] {
    const auto loaded = load_again();
    return loaded ? std::string() : loaded.error();
  });
}

std::expected<void, std::string> Tls::load_again() {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  if (auto wrong = prepare(*context, options_); !wrong.empty()) return std::unexpected(std::move(wrong));
  const base::MutexLock lock(mutex_);
  context_ = std::move(context);
  return {};
}

}  // namespace jobqd::http
