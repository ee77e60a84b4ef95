#pragma once

#include <expected>
#include <string>

#include <boost/asio/ssl/context.hpp>

namespace jobqd::processors::push {

/// Sets a client's context up for TLS 1.2 and 1.3 with verification of the peer. An empty `ca_file` stands
/// for the authorities of the system. The error is one line.
[[nodiscard]] std::expected<void, std::string> prepare(boost::asio::ssl::context& tls,
                                                       const std::string& ca_file);

}  // namespace jobqd::processors::push
