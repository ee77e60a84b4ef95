#pragma once

#include <functional>
#include <memory>
#include <string>

namespace jobqd::http {

/// What `GET /metrics` shows, made by another part of the daemon. It outlives the server, and answers every
/// call, in the end.
class MetricsText {
 public:
  /// Null: there was no memory for it.
  using Text = std::shared_ptr<const std::string>;
  using Done = std::move_only_function<void(Text)>;

  virtual ~MetricsText() = default;

  /// Calls `done` with the text: at once, or later on another thread. Must not block. `fresh`: a text of
  /// earlier requests will not do.
  virtual void get(bool fresh, Done done) = 0;
};

}  // namespace jobqd::http
