#include "processors/push/caller.hpp"

#include <new>
#include <utility>

#include <boost/system/system_error.hpp>
#include <fmt/format.h>

namespace jobqd::processors::push {

namespace asio = boost::asio;

std::expected<Answer, Failure> Caller::ask(const Delivery& delivery, const std::stop_token& stop) {
  if (auto kept = kept_.take()) {
    auto answer = kept->send(delivery, receiver_.request_timeout, stop);
    if (answer || !answer.error().unheard || stop.stop_requested())
      return answer_over(std::move(kept), std::move(answer));
  }
  auto connection = connect(stop);
  if (!connection) return std::unexpected(std::move(connection.error()));
  if (stop.stop_requested()) return std::unexpected(Failure{.why = "it was stopped"});
  auto answer = (*connection)->send(delivery, receiver_.request_timeout, stop);
  return answer_over(*std::move(connection), std::move(answer));
}

std::expected<Answer, Failure> Caller::answer_over(std::unique_ptr<Connection> connection,
                                                   std::expected<Answer, NoAnswer> answer) {
  if (!answer) return std::unexpected(Failure{.why = std::move(answer.error().error)});
  if (connection->is_reusable()) kept_.keep(std::move(connection));
  return *std::move(answer);
}

std::expected<std::unique_ptr<Connection>, Failure> Caller::connect(const std::stop_token& stop) {
  try {
    const auto addresses = addresses_of(stop);
    if (!addresses) return std::unexpected(addresses.error());
    const auto tls = receiver_.tls();
    auto connection = make_connection(receiver_.url, *tls, clock_.now().steady);
    auto opened = connection->open(*addresses, receiver_.guard, receiver_.connect_timeout, stop);
    if (!opened) return std::unexpected(std::move(opened.error()));
    return connection;
  } catch (const boost::system::system_error& error) {
    return std::unexpected(Failure{.why = fmt::format("cannot connect: {}", error.code().message()),
                                   .shortage = is_shortage(error.code())});
  } catch (const std::bad_alloc&) {
    return std::unexpected(Failure{.why = "cannot connect: out of memory", .shortage = true});
  }
}

std::expected<std::vector<asio::ip::address>, Failure> Caller::addresses_of(
    const std::stop_token& stop) const {
  std::vector<asio::ip::address> addresses;
  if (receiver_.url.address) {
    addresses.push_back(*receiver_.url.address);
  } else {
    auto found = look_up(receiver_.lookup, receiver_.url.host, receiver_.connect_timeout, stop);
    if (!found) return found;
    addresses = *std::move(found);
  }
  for (const auto& address : addresses)
    if (!receiver_.guard.allows(address))
      return std::unexpected(
          Failure{.why = fmt::format("{} is at {}, which is in no allowed network (allow_networks)",
                                     receiver_.url.host, address.to_string())});
  return addresses;
}

}  // namespace jobqd::processors::push
