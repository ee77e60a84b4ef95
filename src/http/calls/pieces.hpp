#pragma once

#include <memory>
#include <string>

#include "http/message.hpp"

namespace jobqd::http {

/// Answers with a text that several exchanges share, piece by piece: clients that read slowly hold one text
/// together, and not each a copy. `head` is the answer without its body. Any thread.
void respond_in_pieces(ExchangePtr exchange, Response head, std::shared_ptr<const std::string> text);

}  // namespace jobqd::http
