#pragma once

#include <string>
#include <vector>

namespace jobqd::engine {

/// Files that something was made of and that may change while it is used: secrets, certificates.
class Files {
 public:
  virtual ~Files() = default;

  /// Looks at the files, and takes over those that have changed. One that cannot be read or is wrong leaves
  /// what was read before. Returns what people should know, one line each, once for as long as it lasts, and
  /// without the content of a file. Called by one thread at a time, beside all other uses; waits for the file
  /// system.
  virtual std::vector<std::string> look() = 0;
};

}  // namespace jobqd::engine
