#pragma once

#include <expected>
#include <functional>

#include <jobqd/domain/error.hpp>

#include "stores/embedded/record.hpp"

namespace jobqd::stores::embedded {

/// What keeps the state map across a restart.
///
/// insert, update, erase and when_durable are called under the store's lock, in the order things were decided; they copy
/// what they need and never block. flush is called without the lock, after them.
class Journal {
 public:
  using Durable = std::move_only_function<void(std::expected<void, domain::Error>)>;

  virtual ~Journal() = default;

  virtual void insert(const Record& record) = 0;
  virtual void update(const Record& record) = 0;
  virtual void erase(const Record& record) = 0;

  /// Calls `done` once everything handed over before is durable, or cannot be. Never under the store's lock.
  virtual void when_durable(Durable done) = 0;

  /// Sees to it that what was handed over is written soon.
  virtual void flush() = 0;
};

}  // namespace jobqd::stores::embedded
