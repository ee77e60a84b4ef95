#pragma once

#include <memory>
#include <string>

#include "stores/faults/fault_disk.hpp"

namespace jobqd::stores::sqlite {

/// Gives SQLite a FaultDisk, under a name that no other VFS has. It has shared memory, so that a write-ahead
/// log works as it does on a real disk. Outlives every database that is open on it.
class FaultVfs {
 public:
  FaultVfs();
  ~FaultVfs();

  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;

  [[nodiscard]] const std::string& name() const;
  [[nodiscard]] FaultDisk& disk();

  struct State;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace jobqd::stores::sqlite
