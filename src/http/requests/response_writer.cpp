#include "http/requests/response_writer.hpp"

#include <boost/beast/http/status.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

namespace jobqd::http {

namespace {

/// Plain appends: this runs for every request, and format strings cost more than all the rest of it.
void add(std::string& out, const auto&... parts) {
  (out.append(std::string_view(parts)), ...);
}

void append_status_line(std::string& out, const Response& response, const WriteOptions& options) {
  const auto reason = boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(response.status));
  add(out, "HTTP/1.1 ", fmt::format_int(response.status).c_str(), " ",
      std::string_view(reason.data(), reason.size()), "\r\nDate: ", options.date, "\r\n");
}

void append_fields(std::string& out, const Response& response, const WriteOptions& options) {
  for (const auto& [name, value] : response.headers) add(out, name, ": ", value, "\r\n");
  if (response.close)
    add(out, "Connection: close\r\n");
  else if (options.http_1_0)
    add(out, "Connection: keep-alive\r\n");
  add(out, "\r\n");
}

/// RFC 9110 sections 8.6 and 15.4.5: a 204 has no Content-Length, and a 304 none but that of the answer that
/// it stands for, which nobody needs. Neither has a body.
bool has_content(unsigned status) {
  return status != 204 && status != 304;
}

}  // namespace

void append_response(std::string& out, const Response& response, const WriteOptions& options) {
  append_status_line(out, response, options);
  if (has_content(response.status)) {
    if (!response.content_type.empty()) add(out, "Content-Type: ", response.content_type, "\r\n");
    add(out, "Content-Length: ", fmt::format_int(response.body.size()).c_str(), "\r\n");
  }
  append_fields(out, response, options);
  if (!options.head && has_content(response.status)) out += response.body;
}

void append_streamed_head(std::string& out, const Response& response, const WriteOptions& options) {
  append_status_line(out, response, options);
  if (!response.content_type.empty()) add(out, "Content-Type: ", response.content_type, "\r\n");
  if (!options.http_1_0) add(out, "Transfer-Encoding: chunked\r\n");
  append_fields(out, response, options);
}

void append_chunk(std::string& out, std::string_view bytes) {
  if (!bytes.empty()) fmt::format_to(std::back_inserter(out), "{:x}\r\n{}\r\n", bytes.size(), bytes);
}

void append_last_chunk(std::string& out) {
  out += "0\r\n\r\n";
}

std::string http_date(base::WallTime now) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
}

}  // namespace jobqd::http
