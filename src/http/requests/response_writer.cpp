#include "http/requests/response_writer.hpp"

#include <boost/beast/http/status.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

namespace jobqd::http {

void append_response(std::string& out, const Response& response, const WriteOptions& options) {
  // Plain appends: this runs for every request, and format strings cost more than all the rest of it.
  const auto add = [&out](const auto&... parts) { (out.append(std::string_view(parts)), ...); };
  const auto reason = boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(response.status));
  add("HTTP/1.1 ", fmt::format_int(response.status).c_str(), " ",
      std::string_view(reason.data(), reason.size()), "\r\nDate: ", options.date, "\r\n");
  // RFC 9110 section 8.6: no Content-Length with 204.
  if (response.status != 204) {
    if (!response.content_type.empty()) add("Content-Type: ", response.content_type, "\r\n");
    add("Content-Length: ", fmt::format_int(response.body.size()).c_str(), "\r\n");
  }
  for (const auto& [name, value] : response.headers) add(name, ": ", value, "\r\n");
  if (response.close)
    add("Connection: close\r\n");
  else if (options.http_1_0)
    add("Connection: keep-alive\r\n");
  add("\r\n");
  if (!options.head && response.status != 204) out += response.body;
}

std::string http_date(base::WallTime now) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
}

}  // namespace jobqd::http
