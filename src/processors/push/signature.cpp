#include "processors/push/signature.hpp"

#include <array>
#include <vector>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <jobqd/base/characters.hpp>
#include <jobqd/base/check.hpp>

namespace jobqd::processors::push {

namespace {

constexpr std::string_view prefix = "whsec_";
constexpr std::size_t shortest_key = 24;
constexpr std::size_t longest_key = 64;

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string base64(std::span<const unsigned char> data) {
  std::string text(4 * ((data.size() + 2) / 3) + 1, '\0');  // OpenSSL writes a NUL behind it.
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), data.data(),
                                   static_cast<int>(data.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::string encoded(std::string_view id, bool (*is_plain)(char)) {
  std::string text;
  for (const char c : id) {
    if (is_plain(c))
      text += c;
    else
      text += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return text;
}

}  // namespace

std::expected<std::string, std::string> read_secret(std::string_view secret) {
  const auto wrong = std::unexpected("it is not whsec_ and the base64 of 24 to 64 bytes");
  if (!secret.starts_with(prefix)) return wrong;
  const auto text = secret.substr(prefix.size());
  if (text.size() % 4 != 0 || text.size() > 4 * (longest_key + 3) / 3) return wrong;
  std::string key(text.size() / 4 * 3, '\0');
  if (EVP_DecodeBlock(reinterpret_cast<unsigned char*>(key.data()), bytes(text),
                      static_cast<int>(text.size())) < 0)
    return wrong;
  const auto padding = text.ends_with("==") ? 2U : text.ends_with('=') ? 1U : 0U;
  key.resize(key.size() - padding);
  if (key.size() < shortest_key || key.size() > longest_key) return wrong;
  return key;
}

std::string timestamp(base::WallTime time) {
  return fmt::to_string(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
}

std::string signatures(std::span<const std::string> keys, std::string_view id, base::WallTime time,
                       std::string_view body) {
  const auto content = fmt::format("{}.{}.{}", id, timestamp(time), body);
  std::string all;
  for (const auto& key : keys) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    const auto* made = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes(content),
                            content.size(), digest.data(), &size);
    JOBQD_CHECK(made != nullptr);
    all += fmt::format("{}v1,{}", all.empty() ? "" : " ", base64({digest.data(), size}));
  }
  return all;
}

std::string webhook_id(std::string_view id) {
  return encoded(id, [](char c) { return base::is_letter_or_digit(c) || c == '-' || c == '_' || c == '~'; });
}

std::string header_id(std::string_view id) {
  return encoded(id, [](char c) { return c > 0x20 && c < 0x7f && c != '%'; });
}

}  // namespace jobqd::processors::push
