// The bytes of a connection mean the same requests, and are refused at the same request, however they are cut
// into pieces. Why they are refused may differ where several things are wrong, as in a long head with a wrong
// byte.

#include <optional>

#include <boost/asio/buffer.hpp>
#include <fmt/format.h>

#include "fuzz/require.hpp"
#include "http/requests/request_reader.hpp"

namespace jobqd::http {

namespace {

std::string described(const Request& request) {
  auto text = fmt::format("{} {} {}\n", request.method, request.path, request.body);
  for (const auto& [name, value] : request.query) text += fmt::format("? {} = {}\n", name, value);
  for (const auto& [name, value] : request.fields) text += fmt::format("  {}: {}\n", name, value);
  return text;
}

std::string read(std::string_view bytes, std::size_t piece) {
  using Step = RequestReader::Step;
  RequestReader reader({.header_bytes = 512, .body_bytes = 1000});
  boost::beast::flat_buffer in;
  std::string text;
  for (std::size_t from = 0; from < bytes.size(); from += piece) {
    const auto part = bytes.substr(from, piece);
    in.commit(boost::asio::buffer_copy(in.prepare(part.size()), boost::asio::buffer(part)));
    auto step = reader.advance(in);
    for (; step == Step::complete; step = reader.advance(in)) {
      const bool keep_alive = reader.keep_alive();
      text += described(reader.take());
      if (!keep_alive) return text + "end";
      reader.reset();
    }
    if (step == Step::refused) return text + "refused";
  }
  return text;
}

}  // namespace

}  // namespace jobqd::http

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace jobqd;
  const auto bytes = fuzz::text_of(data, size);
  const auto at_once = http::read(bytes, bytes.size() + 1);
  fuzz::require_equal(at_once, http::read(bytes, 1), "byte by byte it is the same");
  fuzz::require_equal(at_once, http::read(bytes, 7), "in pieces of seven bytes it is the same");
  return 0;
}
