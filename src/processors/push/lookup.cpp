#include "processors/push/lookup.hpp"

#include <array>
#include <cerrno>
#include <exception>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>

#include <jobqd/base/mutex.hpp>
#include <jobqd/base/thread_name.hpp>

namespace jobqd::processors::push {

namespace {

namespace ip = boost::asio::ip;
using Found = std::expected<std::vector<std::string>, Failure>;

/// What the thread of a look-up shares with the thread that waits for it; both own it.
struct Wait {
  base::Mutex mutex;
  base::StoppableConditionVariable answered;
  std::optional<Found> found JOBQD_GUARDED_BY(mutex);
};

std::expected<std::vector<ip::address>, Failure> addresses_of(const Found& found, const std::string& host) {
  if (!found)
    return std::unexpected(Failure{.why = fmt::format("cannot look up {}: {}", host, found.error().why),
                                   .shortage = found.error().shortage});
  std::vector<ip::address> addresses;
  for (const auto& text : *found) addresses.push_back(ip::make_address(text));
  if (addresses.empty()) return std::unexpected(Failure{.why = fmt::format("{} has no address", host)});
  return addresses;
}

/// Runs the look-up; an exception is out of memory.
Found found_by(const Lookup& lookup, const std::string& host) noexcept {
  try {
    return lookup(host);
  } catch (const std::exception& error) {
    return std::unexpected(Failure{.why = error.what(), .shortage = true});
  }
}

/// Starts the thread of a look-up.
std::expected<std::shared_ptr<Wait>, Failure> begin(const Lookup& lookup, const std::string& host) {
  auto wait = std::make_shared<Wait>();
  try {
    std::thread([wait, lookup, host] {
      base::name_this_thread("lookup");
      auto found = found_by(lookup, host);
      const base::MutexLock lock(wait->mutex);
      wait->found = std::move(found);
      wait->answered.notify_all();
    }).detach();
  } catch (const std::system_error& error) {
    return std::unexpected(
        Failure{.why = fmt::format("no thread to look up {}: {}", host, error.what()), .shortage = true});
  }
  return wait;
}

/// Whether getaddrinfo() failed because this process, or the machine, is out of something. Its own code does
/// not always say so: a name server that no socket can be opened to is EAI_AGAIN.
bool was_shortage(int code, int error) {
  return code == EAI_MEMORY || processors::is_shortage(error);
}

}  // namespace

Found system_lookup(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  errno = 0;
  if (const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &list); code != 0)
    return std::unexpected(Failure{.why = ::gai_strerror(code), .shortage = was_shortage(code, errno)});
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

std::expected<std::vector<ip::address>, Failure> look_up(const Lookup& lookup, const std::string& host,
                                                         base::milliseconds longest,
                                                         const std::stop_token& stop) {
  const auto begun = begin(lookup, host);
  if (!begun) return std::unexpected(begun.error());
  auto& wait = **begun;
  const base::MutexLock lock(wait.mutex);
  const auto is_answered = [&]() JOBQD_REQUIRES(wait.mutex) { return wait.found.has_value(); };
  if (!wait.answered.wait_for(wait.mutex, stop, longest, is_answered))
    return std::unexpected(
        Failure{.why = fmt::format("looking up {} took longer than {} ms", host, longest.count())});
  return addresses_of(*wait.found, host);
}

}  // namespace jobqd::processors::push
