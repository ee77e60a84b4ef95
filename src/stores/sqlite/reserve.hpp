#pragma once

#include <cstdint>
#include <string>

namespace jobqd::stores::sqlite {

/// Room on the disk that is kept for removals: a file beside the database that holds blocks and nothing else.
/// Giving it up frees them, so that jobs can be removed although the disk is full.
///
/// Not thread-safe. The file is removed with this object; after a crash the next one goes on with it. A file
/// of this name that is something else is left alone, and there is no reserve then.
class Reserve {
 public:
  static constexpr std::uint64_t bytes = 1024UL * 1024;

  explicit Reserve(const std::string& database_path) : path_(database_path + "-reserve") {}
  ~Reserve() { give_up(); }

  Reserve(const Reserve&) = delete;
  Reserve& operator=(const Reserve&) = delete;

  /// Takes as much of the disk as is missing, or nothing if there is not enough. Returns held().
  bool take();

  /// Leaves the file to the next one, as a crash does.
  void leave() { held_ = false; }

  /// Frees the room. Returns whether there was any.
  bool give_up();

  [[nodiscard]] bool held() const { return held_; }

  /// Whether a crash has left the reserve of an earlier run, so that taking it needs no room.
  [[nodiscard]] bool is_left() const;

 private:
  const std::string path_;
  bool held_ = false;
};

}  // namespace jobqd::stores::sqlite
