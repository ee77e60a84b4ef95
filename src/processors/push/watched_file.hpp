#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace jobqd::processors::push {

/// One file that may change while it is used. It is another one when its inode, its size or its time of
/// modification is: a file renamed to its path, a new target of a link (as Kubernetes changes a Secret) and
/// an edit in place all show. Not thread-safe.
class WatchedFile {
 public:
  enum class Readers : std::uint8_t { any, no_others };
  /// Reads the file at this path. Returns why that is not possible; or empty.
  using Take = std::function<std::string(const std::string& path)>;

  /// `readers`: who should be able to read it.
  WatchedFile(std::string path, Readers readers) : path_(std::move(path)), readers_(readers) {}

  /// Takes the file if it is another one than the one that was taken last. Returns why it could not be taken,
  /// and that others may read it: each once, for as long as it lasts.
  std::vector<std::string> look(const Take& take);

 private:
  struct Identity {
    std::uint64_t device;
    std::uint64_t inode;
    std::int64_t size;
    std::int64_t modified_s;
    std::int64_t modified_ns;
    bool operator==(const Identity&) const = default;
  };

  std::string path_;
  Readers readers_;
  std::optional<Identity> taken_;
  std::string fault_;  ///< As it was returned last; empty where there is none.
  bool others_may_read_ = false;
};

}  // namespace jobqd::processors::push
