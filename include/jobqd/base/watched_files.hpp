#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace jobqd::base {

/// Files that may change while they are used, and that are read together: a certificate and its key, or a
/// single one. A file is another one when its inode, its size or its time of modification is: a file renamed
/// to its path, a new target of a link (as Kubernetes changes a Secret) and an edit in place all show. Not
/// thread-safe.
class WatchedFiles {
 public:
  enum class Readers : std::uint8_t { any, no_others };
  struct File {
    std::string path;
    Readers readers = Readers::any;  ///< Who should be able to read it.
  };
  /// Reads the files. Returns why that is not possible, or why they are of no use; or empty.
  using Take = std::function<std::string()>;

  explicit WatchedFiles(std::vector<File> files);

  /// Takes the files if one is another than when they were taken last. Returns why they could not be taken,
  /// and which of them others may read: each once, for as long as it lasts.
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
  struct Watched {
    File file;
    std::optional<Identity> taken = {};
    bool others_may_read = false;
  };

  std::vector<Watched> files_;
  std::string fault_;  ///< As it was returned last; empty where there is none.
};

}  // namespace jobqd::base
