#pragma once

#include <functional>
#include <optional>

#include <jobqd/domain/error.hpp>

#include "http/route.hpp"

namespace jobqd::http {

/// A check that a request has to pass before its handler sees it: returns nothing to let it pass, or the
/// error that it is answered with. After an error neither a later guard nor the handler sees the request.
///
/// `route` is null when the request matches no route. A guard may refuse such a request too, which hides that
/// there is nothing at its path.
///
/// Called on the connections' thread, once for each complete request, its body included. Must not block.
using Guard = std::function<std::optional<domain::Error>(const Request& request, const Route* route)>;

}  // namespace jobqd::http
