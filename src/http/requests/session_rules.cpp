#include "http/requests/session_rules.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <fmt/format.h>

#include <jobqd/base/characters.hpp>

namespace jobqd::http {

namespace {

using domain::Error;
using domain::ErrorCode;
namespace urls = boost::urls;

constexpr std::size_t max_lines = 101;  // The request line and 100 fields.

Error malformed(std::string detail) {
  return {.code = ErrorCode::malformed_request, .detail = std::move(detail)};
}

/// `host` or `host:port`, no user, no path; RFC 9110 section 7.2.
bool valid_host(std::string_view host) {
  // Nearly all are like this and need no parser.
  const auto port = std::ranges::find_if_not(
      host, [](char c) { return base::is_letter_or_digit(c) || c == '.' || c == '-'; });
  if (port != host.begin() &&
      (port == host.end() || (*port == ':' && std::all_of(port + 1, host.end(), base::is_digit))))
    return true;
  const auto authority = urls::parse_authority(urls::string_view(host.data(), host.size()));
  return authority && !authority->has_userinfo() && !authority->host().empty() && !host.contains(',');
}

std::optional<Error> check_framing(const HeadFacts& facts) {
  if (facts.transfer_encoding_count > 0) {
    if (facts.content_length_count > 0)
      return malformed("both Content-Length and Transfer-Encoding are given");
    if (facts.http_1_0) return malformed("Transfer-Encoding is not part of HTTP/1.0");
    if (facts.transfer_encoding_count > 1) return malformed("Transfer-Encoding is given more than once");
    const auto codings = base::lower(facts.transfer_encoding);
    // RFC 9112, sections 6.1 and 6.3: if chunked is not the last coding, the end of the body is unknown.
    if (codings != "chunked")
      return Error{
          .code = codings.ends_with(", chunked") ? ErrorCode::not_implemented : ErrorCode::malformed_request,
          .detail = "the only supported Transfer-Encoding is chunked"};
  }
  if (facts.content_length_count > 1) return malformed("Content-Length is given more than once");
  if (facts.content_length_count == 1) {
    const auto& length = facts.content_length;
    const bool leading_zero = length.size() > 1 && length.front() == '0';
    if (length.empty() || leading_zero || !std::ranges::all_of(length, base::is_digit))
      return malformed("Content-Length must be a plain decimal number");
    if (length.size() > 18) return malformed("Content-Length does not fit 64 bits");
  }
  return std::nullopt;
}

std::optional<Error> check_host(const HeadFacts& facts) {
  if (facts.host_count > 1) return malformed("Host is given more than once");
  if (facts.host_count == 0 && !facts.http_1_0) return malformed("Host is missing");
  if (facts.host_count == 1 && !valid_host(facts.host))
    return malformed("Host must be a host name or address, with or without port");
  return std::nullopt;
}

}  // namespace

std::optional<Error> HeadScanner::scan(std::string_view head) {
  for (; seen_ < head.size() && size_ == 0; ++seen_) {
    // Within a line, only bytes that are not printable matter: skip to the next one.
    if (seen_ > 0 && base::is_printable(head[seen_ - 1]))
      seen_ = static_cast<std::size_t>(
          std::find_if_not(head.data() + seen_, head.data() + head.size(), base::is_printable) - head.data());
    if (seen_ == head.size()) break;
    const char before = seen_ == 0 ? '\n' : head[seen_ - 1];
    const char c = head[seen_];
    const auto byte = static_cast<unsigned char>(c);
    if (before == '\r' && c != '\n') return malformed("a line ends in a bare carriage return");
    if (c == '\n') {
      if (before != '\r') return malformed("a line ends in a bare line feed");
      if (seen_ >= 3 && head[seen_ - 2] == '\n') size_ = seen_ + 1;
      if (in_request_line_)
        if (auto error = check_version(head)) return error;
      if (++lines_ > max_lines + 1)
        return Error{.code = ErrorCode::header_too_large, .detail = "more than 100 header fields"};
      in_request_line_ = false;
      continue;
    }
    if (before == '\n' && seen_ > 0 && (c == ' ' || c == '\t'))
      return malformed("folded header lines are not accepted");
    const bool control = base::is_control(c) && c != '\t' && c != '\r';
    if (control || (in_request_line_ && (byte > 0x7F || c == '\t')))
      return malformed("the head contains a byte that is not allowed there");
    if (seen_ == 0 && !base::is_token_char(c)) return malformed("this is not an HTTP request");
  }
  const auto bytes = size_ == 0 ? head.size() : size_;
  if (bytes > max_bytes_)
    return Error{.code = ErrorCode::header_too_large,
                 .detail = fmt::format("the header is larger than {} bytes", max_bytes_)};
  return std::nullopt;
}

std::optional<Error> check_version(std::string_view head) {
  const auto line = head.substr(0, head.find('\r'));
  const auto version = line.substr(line.rfind(' ') + 1);
  const bool well_formed = version.size() == 8 && version.starts_with("HTTP/") &&
                           base::is_digit(version[5]) && version[6] == '.' && base::is_digit(version[7]);
  if (!well_formed) return malformed("the request line does not end in a version of HTTP");
  if (version == "HTTP/1.1" || version == "HTTP/1.0") return std::nullopt;
  return Error{.code = ErrorCode::version_not_supported,
               .detail = "only HTTP/1.1 and HTTP/1.0 are supported"};
}

std::expected<Target, Error> check_head(const HeadFacts& facts, std::size_t max_body) {
  const auto refuse = [](ErrorCode code, std::string detail) {
    return std::unexpected(Error{.code = code, .detail = std::move(detail)});
  };
  if (auto error = check_host(facts)) return std::unexpected(*std::move(error));
  if (auto error = check_framing(facts)) return std::unexpected(*std::move(error));
  if (facts.method == "CONNECT" || facts.method == "TRACE")
    return refuse(ErrorCode::not_implemented, fmt::format("{} is not implemented", facts.method));
  auto target = read_target(facts);
  if (!target) return std::unexpected(malformed("the request target is not a valid path"));
  if (!facts.content_encoding.empty() && base::lower(facts.content_encoding) != "identity")
    return refuse(ErrorCode::unsupported_encoding, "send the body without Content-Encoding");
  if (!facts.expect.empty() && !facts.http_1_0 && base::lower(facts.expect) != "100-continue")
    return refuse(ErrorCode::expectation_failed, "the only supported expectation is 100-continue");
  // A number of at most 18 digits by now.
  std::uint64_t length = 0;
  std::from_chars(facts.content_length.data(), facts.content_length.data() + facts.content_length.size(),
                  length);
  if (length > max_body)
    return refuse(ErrorCode::payload_too_large,
                  fmt::format("the body has {} bytes; the limit is {}", facts.content_length, max_body));
  return *std::move(target);
}

std::optional<Target> read_target(const HeadFacts& facts) {
  // Nearly all are like this and need no parser.
  const auto is_plain = [](char c) {
    return base::is_letter_or_digit(c) || c == '/' || c == '-' || c == '_' || c == '.';
  };
  if (facts.target.starts_with('/') && std::ranges::all_of(facts.target, is_plain))
    return Target{.path = std::string(facts.target), .query = {}};
  const urls::string_view text(facts.target.data(), facts.target.size());
  if (facts.target == "*") {
    if (facts.method != "OPTIONS") return std::nullopt;
    return Target{.path = "*", .query = {}};
  }
  const bool absolute = !facts.target.starts_with('/');
  const auto url = absolute ? urls::parse_absolute_uri(text) : urls::parse_origin_form(text);
  if (!url) return std::nullopt;
  if (absolute) {
    const bool ours = url->scheme() == "http" && !url->has_userinfo() &&
                      base::lower(url->encoded_authority()) == base::lower(facts.host);
    if (!ours) return std::nullopt;
  }
  const auto path = url->encoded_path();
  const auto query = url->encoded_query();
  return Target{.path = path.empty() ? "/" : std::string(path.data(), path.size()),
                .query = std::string(query.data(), query.size())};
}

bool has_bare_line_feed(std::string_view text) {
  for (auto at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1))
    if (at == 0 || text[at - 1] != '\r') return true;
  return false;
}

bool valid_chunk_extensions(std::string_view extensions) {
  const auto take_token = [&] {
    const auto end = std::ranges::find_if_not(extensions, base::is_token_char);
    const auto length = static_cast<std::size_t>(end - extensions.begin());
    extensions.remove_prefix(length);
    return length > 0;
  };
  const auto take_quoted = [&] {
    for (std::size_t i = 1; i < extensions.size(); ++i) {
      if (extensions[i] == '"') {
        extensions.remove_prefix(i + 1);
        return true;
      }
      if (extensions[i] == '\\') ++i;  // A quoted pair: what follows is no end of the string.
      if (i == extensions.size()) return false;
      if (base::is_control(extensions[i]) && extensions[i] != '\t') return false;
    }
    return false;
  };
  while (!extensions.empty()) {
    if (!extensions.starts_with(';')) return false;
    extensions.remove_prefix(1);
    if (!take_token()) return false;
    if (!extensions.starts_with('=')) continue;
    extensions.remove_prefix(1);
    if (!(extensions.starts_with('"') ? take_quoted() : take_token())) return false;
  }
  return true;
}

}  // namespace jobqd::http
