#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <jobqd/app/config.hpp>

namespace jobqd::app {

/// One key of a [queues.NAME] table of the CONFIG file.
struct QueueSetting {
  std::string_view key;      ///< `workers`; `backoff.base` for the key of a table below.
  std::string_view allowed;  ///< For errors.
  bool (*read)(QueueConfig& queue, std::span<const std::string> values);
  std::string (*show)(const QueueConfig& queue);  ///< As TOML; empty: it has no say.
  bool list = false;                              ///< Takes a list of values, and else exactly one.
  std::string_view processor = {};                ///< Whose key it is; empty: any queue's.
  std::string (*why)(std::span<const std::string> values) =
      nullptr;  ///< What is wrong with values it did not take.
};

[[nodiscard]] std::span<const QueueSetting> queue_settings();

/// Those of them that are keys of one processor.
[[nodiscard]] std::vector<QueueSetting> processor_settings();

/// Why a queue cannot be called so; empty when it can.
[[nodiscard]] std::string_view queue_name_fault(std::string_view name);

/// What no single value shows; one line without the queue's name.
[[nodiscard]] std::optional<std::string> contradiction(const QueueConfig& queue);

}  // namespace jobqd::app
