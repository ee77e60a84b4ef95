#pragma once

#include <expected>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include <boost/asio/ip/address.hpp>

#include <jobqd/base/clock.hpp>

#include "processors/push/failure.hpp"

namespace jobqd::processors::push {

/// Returns the addresses of a host name, or why there are none. May block. Called on a thread of its own,
/// which may outlive the processor.
using Lookup = std::function<std::expected<std::vector<std::string>, Failure>(const std::string& host)>;

/// Looks a name up. Waits until `stop` is requested, and at most `longest`. A look-up cannot be ended: after
/// that it goes on by itself, and its answer is thrown away.
[[nodiscard]] std::expected<std::vector<boost::asio::ip::address>, Failure> look_up(
    const Lookup& lookup, const std::string& host, base::milliseconds longest, const std::stop_token& stop);

/// getaddrinfo() for TCP.
[[nodiscard]] std::expected<std::vector<std::string>, Failure> system_lookup(const std::string& host);

}  // namespace jobqd::processors::push
