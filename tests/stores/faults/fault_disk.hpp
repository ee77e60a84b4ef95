#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace jobqd::stores::sqlite {

/// A disk in memory that knows which writes to its files were synced, and that fails or loses its power when
/// a test wants it.
///
/// The creation and the removal of a name are durable with the next sync of a new file, because SQLite then
/// syncs the directory too; the name of a database is durable at once. Thread-safe, but no file may be open
/// during restart() and load().
class FaultDisk {
 public:
  /// The operations that are counted and can fail; a set of flags.
  enum Operation : unsigned { write = 1, sync = 2, truncate = 4, remove = 8, any = 15 };

  /// Which operation fails: the nth of those named, counted from now.
  struct Fault {
    unsigned operations = any;
    std::uint64_t nth = 1;
    int code = 0;             ///< What SQLite gets.
    bool persistent = false;  ///< Every later operation fails too.
    std::size_t landed = 0;   ///< How many bytes of a failed write are written all the same.
  };

  /// Which unsynced writes are on the disk when the power is back.
  enum class Survivors : std::uint8_t {
    none,     ///< None.
    all,      ///< All, as when only the process was killed.
    sectors,  ///< Each 512 bytes have any version since the last sync: writes are torn and reordered.
    pages,    ///< The same with 4,096 bytes.
  };

  using Bytes = std::vector<unsigned char>;
  using Image = std::map<std::string, Bytes>;

  void fail(Fault fault);
  void heal();
  /// The power goes when the nth operation from now begins; 0: now. What was not synced may be lost.
  void cut_power(std::uint64_t nth);
  void restart(Survivors survivors, std::uint64_t seed = 0);

  /// How many operations there were since the last fail() or cut_power().
  [[nodiscard]] std::uint64_t operations() const;
  /// Whether the fault or the power cut has occurred.
  [[nodiscard]] bool struck() const;
  [[nodiscard]] bool off() const;

  [[nodiscard]] std::size_t size(const std::string& name) const;  ///< 0 if there is no such file.
  [[nodiscard]] Image content() const;
  void load(const Image& image);
  /// Flips a bit of a file that exists; bit 0 is the lowest of the first byte.
  void flip(const std::string& name, std::uint64_t bit);

  /// Has `on_read` called after each read of a file, without a lock, on the thread that reads. Empty: no
  /// more.
  using OnRead = std::function<void(const std::string& name)>;
  void set_on_read(OnRead on_read);

  struct Change {
    std::uint64_t offset;
    Bytes bytes;
    bool truncates = false;  ///< To `offset`.
  };
  struct File {
    std::string name;
    Bytes now;     ///< As the system shows it.
    Bytes synced;  ///< As it was synced last.
    std::vector<Change> unsynced;
    bool counted = true;  ///< false: a temporary file, which never fails.
  };
  using FilePtr = std::shared_ptr<File>;

  // For the VFS. The codes are those of SQLite.
  FilePtr open(const char* name, bool create,
               bool main);  ///< Null if there is none. No name: a temporary file.
  [[nodiscard]] bool exists(const std::string& name) const;
  int erase(const std::string& name, bool durably);
  int read(const File& file, std::uint64_t offset, std::span<unsigned char> into) const;
  [[nodiscard]] OnRead on_read() const;
  int put(File& file, std::uint64_t offset, std::span<const unsigned char> bytes);
  int cut(File& file, std::uint64_t size);
  int flush(File& file);
  [[nodiscard]] std::uint64_t size(const File& file) const;

 private:
  std::optional<int> strikes(Operation operation, const File& file);
  static Bytes survive(const File& file, Survivors survivors, std::mt19937_64& random);
  static Bytes mixed(const File& file, std::size_t grain, std::mt19937_64& random);

  mutable std::mutex mutex_;
  std::map<std::string, FilePtr> files_;    // as the system shows them
  std::map<std::string, FilePtr> durable_;  // as the disk would show them after a power cut
  Fault fault_;
  std::optional<std::uint64_t> cut_;
  OnRead on_read_;
  std::uint64_t operations_ = 0;
  std::uint64_t matching_ = 0;
  bool armed_ = false;
  bool struck_ = false;
  bool off_ = false;
};

}  // namespace jobqd::stores::sqlite
