#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "app/settings/config.hpp"

namespace jobqd::app {

/// A key that every queue has in its table [queues.NAME] of the CONFIG file.
struct QueueSetting {
  std::string_view name;     ///< `workers`; `backoff.base` for the key of a table below.
  std::string_view allowed;  ///< Completes an error.
  /// false: not allowed, and the queue is as it was.
  bool (*read)(QueueConfig& queue, std::span<const std::string> values);
  std::string (*show)(const QueueConfig& queue);  ///< As TOML; empty where it has no effect.
  bool is_list = false;                           ///< Takes a list of values instead of exactly one.
  std::string_view short_form = {};               ///< The name of its table, which may be this value instead.
};

/// All of them, in the order in which they are shown. `processor` is not among them.
[[nodiscard]] std::span<const QueueSetting> queue_settings();

/// A key in the table of a queue: one that every queue has, or one of a kind of processors.
class QueueKey {
 public:
  explicit QueueKey(const QueueSetting& setting) : setting_(&setting) {}
  QueueKey(const processors::ProcessorKind& kind, const processors::Key& key) : kind_(&kind), key_(&key) {}

  [[nodiscard]] std::string_view name() const { return key_ != nullptr ? key_->name : setting_->name; }
  /// `rate` for rate.per_second; empty where there is none.
  [[nodiscard]] std::string_view short_form() const {
    return key_ != nullptr ? std::string_view{} : setting_->short_form;
  }
  [[nodiscard]] std::string_view allowed() const {
    return key_ != nullptr ? key_->allowed : setting_->allowed;
  }
  [[nodiscard]] bool is_list() const { return key_ != nullptr ? key_->is_list : setting_->is_list; }

  /// The kind whose key it is; null for a key that every queue has.
  [[nodiscard]] const processors::ProcessorKind* kind() const { return kind_; }

  /// Takes the values that are written for it. The error completes "… is not allowed: ".
  std::expected<void, std::string> read(QueueConfig& queue, std::span<const std::string> values) const;

 private:
  const QueueSetting* setting_ = nullptr;
  const processors::ProcessorKind* kind_ = nullptr;
  const processors::Key* key_ = nullptr;
};

/// The keys that have an effect on this queue, each with its value as TOML.
[[nodiscard]] std::vector<std::pair<std::string_view, std::string>> effective_keys(const QueueConfig& queue);

/// Why a queue cannot have this name; empty when it can.
[[nodiscard]] std::string_view queue_name_fault(std::string_view name);

/// What no single value shows; one line without the queue's name.
[[nodiscard]] std::optional<std::string> contradiction(const QueueConfig& queue);

}  // namespace jobqd::app
