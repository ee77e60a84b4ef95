#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace jobqd::app {

/// How many bytes of memory this process may use: what the machine has, or what its cgroup or one above that
/// allows, if that is less. Empty if no file says. `root` is put before the paths of the files:
/// `/proc/meminfo`,
/// `/proc/self/cgroup`, and below `/sys/fs/cgroup` memory.max of version 2 or memory.limit_in_bytes of
/// version 1.
///
/// Sources: proc_pid_cgroup(5); "Control Group v2" and "Memory Resource Controller", Linux kernel
/// documentation.
[[nodiscard]] std::optional<std::size_t> usable_memory(const std::string& root = {});

/// What MEMORY_BUDGET=auto means: a quarter of usable_memory(), at most 1 GiB, and at least the least budget
/// that can be set. 256 MiB where the memory is unknown.
[[nodiscard]] std::size_t automatic_memory_budget(std::optional<std::size_t> usable);

}  // namespace jobqd::app
