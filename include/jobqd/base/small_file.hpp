#pragma once

#include <cstddef>
#include <expected>
#include <string>

namespace jobqd::base {

/// The content of a regular file of at most `most` bytes, for files that people write: configuration,
/// secrets, certificates. Symbolic links are followed. Never waits for another process: a FIFO, a device or a
/// socket is an error and is not read. The error is why, without the path, on one line. Thread-safe.
[[nodiscard]] std::expected<std::string, std::string> read_small_file(const std::string& path,
                                                                      std::size_t most);

}  // namespace jobqd::base
