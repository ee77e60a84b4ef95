#pragma once

#include <expected>
#include <stop_token>
#include <string>
#include <vector>

#include <boost/asio/ip/address.hpp>

#include <jobqd/processors/push.hpp>

namespace jobqd::processors::push {

/// The addresses of a name. Waits for `longest` at most, and no longer than until `stop` is requested; the
/// lookup itself, which nobody can end, goes on by itself and its answer is thrown away. The error is one
/// line.
[[nodiscard]] std::expected<std::vector<boost::asio::ip::address>, std::string> look_up(
    const Push::Lookup& lookup, const std::string& host, base::milliseconds longest,
    const std::stop_token& stop);

/// getaddrinfo() for TCP.
[[nodiscard]] std::expected<std::vector<std::string>, std::string> system_lookup(const std::string& host);

}  // namespace jobqd::processors::push
