#pragma once

#include <expected>
#include <memory>
#include <string>

namespace jobqd::stores::sqlite {

/// Keeps a second daemon away from a file: an advisory lock that ends with the process.
class FileLock {
 public:
  /// Creates the file if there is none. The error is a few words.
  static std::expected<std::unique_ptr<FileLock>, std::string> take(const std::string& path);
  ~FileLock();

  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace jobqd::stores::sqlite
