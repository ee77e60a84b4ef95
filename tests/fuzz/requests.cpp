// The bytes of a connection mean the same requests however they are cut into pieces.
//
// What is wrong is refused at the same request, for any of its faults. In pieces that may be sooner: a chunk
// extension whose quote stays open is refused as soon as Beast sees the fault, and else waits for its end.

#include <algorithm>
#include <string>

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

enum class End : std::uint8_t { idle, unfinished, closed, refused };

struct Reading {
  std::string requests;
  End end = End::idle;
};

Reading read(std::string_view bytes, std::size_t piece) {
  using Step = RequestReader::Step;
  RequestReader reader({.header_bytes = 512, .body_bytes = 1000});
  boost::beast::flat_buffer in;
  Reading reading;
  for (std::size_t from = 0; from < bytes.size(); from += piece) {
    const auto part = bytes.substr(from, piece);
    in.commit(boost::asio::buffer_copy(in.prepare(part.size()), boost::asio::buffer(part)));
    auto step = reader.advance(in);
    for (; step == Step::complete; step = reader.advance(in)) {
      const bool keep_alive = reader.keep_alive();
      reading.requests += described(reader.take());
      reading.end = End::closed;
      if (!keep_alive) return reading;
      reader.reset();
    }
    reading.end = step == Step::refused ? End::refused : step == Step::idle ? End::idle : End::unfinished;
    if (step == Step::refused) return reading;
  }
  return reading;
}

void compare(const Reading& one, const Reading& other) {
  fuzz::require_equal(one.requests, other.requests, "in pieces the requests are the same");
  const auto [first, last] = std::minmax(one.end, other.end);
  const bool may_be_refused_later = first == End::unfinished && last == End::refused;
  fuzz::require(one.end == other.end || may_be_refused_later, "in pieces the end is the same",
                fmt::format("{} and {}", static_cast<int>(one.end), static_cast<int>(other.end)));
}

}  // namespace

}  // namespace jobqd::http

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace jobqd;
  const auto bytes = fuzz::text_of(data, size);
  const auto at_once = http::read(bytes, bytes.size() + 1);
  http::compare(at_once, http::read(bytes, 1));
  http::compare(at_once, http::read(bytes, 7));
  return 0;
}
