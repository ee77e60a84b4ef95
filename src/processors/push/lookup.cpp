#include "processors/push/lookup.hpp"

#include <array>
#include <memory>
#include <optional>
#include <thread>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>

#include <jobqd/base/mutex.hpp>
#include <jobqd/base/thread_name.hpp>

namespace jobqd::processors::push {

namespace {

namespace ip = boost::asio::ip;
using Found = std::expected<std::vector<std::string>, std::string>;

/// What the thread of a look-up shares with the thread that waits for it; both own it.
struct Wait {
  base::Mutex mutex;
  base::StoppableConditionVariable answered;
  std::optional<Found> found JOBQD_GUARDED_BY(mutex);
};

std::expected<std::vector<ip::address>, std::string> addresses_of(const Found& found,
                                                                  const std::string& host) {
  if (!found) return std::unexpected(fmt::format("cannot look up {}: {}", host, found.error()));
  std::vector<ip::address> addresses;
  for (const auto& text : *found) addresses.push_back(ip::make_address(text));
  if (addresses.empty()) return std::unexpected(fmt::format("{} has no address", host));
  return addresses;
}

}  // namespace

Found system_lookup(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &list); error != 0)
    return std::unexpected(::gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(list, &::freeaddrinfo);
  std::vector<std::string> found;
  for (const auto* entry = list; entry != nullptr; entry = entry->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(entry->ai_addr, entry->ai_addrlen, text.data(), text.size(), nullptr, 0,
                      NI_NUMERICHOST) == 0)
      found.emplace_back(text.data());
  }
  return found;
}

std::expected<std::vector<ip::address>, std::string> look_up(const Lookup& lookup, const std::string& host,
                                                             base::milliseconds longest,
                                                             const std::stop_token& stop) {
  const auto wait = std::make_shared<Wait>();
  std::thread([wait, lookup, host] {
    base::name_this_thread("lookup");
    auto found = lookup(host);
    const base::MutexLock lock(wait->mutex);
    wait->found = std::move(found);
    wait->answered.notify_all();
  }).detach();
  const base::MutexLock lock(wait->mutex);
  const auto is_answered = [&]() JOBQD_REQUIRES(wait->mutex) { return wait->found.has_value(); };
  if (!wait->answered.wait_for(wait->mutex, stop, longest, is_answered))
    return std::unexpected(fmt::format("looking up {} took longer than {} ms", host, longest.count()));
  return addresses_of(*wait->found, host);
}

}  // namespace jobqd::processors::push
