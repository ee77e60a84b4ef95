#pragma once

#include <expected>
#include <functional>

#include <jobqd/domain/error.hpp>

namespace jobqd::engine {

template <class T>
using Expected = std::expected<T, domain::Error>;

/// Called exactly once, on any thread, possibly before the call that took it returns; never under a lock of
/// the store.
template <class T>
using Callback = std::move_only_function<void(Expected<T>)>;

}  // namespace jobqd::engine
