#include "http/calls/pieces.hpp"

#include <algorithm>
#include <utility>

namespace jobqd::http {

namespace {

/// Small enough that other requests do not wait long for it.
constexpr std::size_t bytes_in_piece = 64UL * 1024;

using Text = std::shared_ptr<const std::string>;

void send(ExchangePtr exchange, Response head, Text text, std::size_t sent) {
  auto& asks = *exchange;
  asks.when_room([exchange = std::move(exchange), head = std::move(head), text = std::move(text),
                  sent](Room room) mutable {
    auto piece = text->substr(sent, std::min(room.now, bytes_in_piece));
    const auto now_sent = sent + piece.size();
    if (sent == 0) {
      head.body = std::move(piece);
      exchange->begin(std::move(head));
    } else {
      exchange->write(std::move(piece));
    }
    if (now_sent == text->size()) return exchange->end();
    send(std::move(exchange), {}, std::move(text), now_sent);
  });
}

}  // namespace

void respond_in_pieces(ExchangePtr exchange, Response head, Text text) {
  send(std::move(exchange), std::move(head), std::move(text), 0);
}

}  // namespace jobqd::http
