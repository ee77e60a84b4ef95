#include "stores/faults/fault_vfs.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <random>

#include <fmt/format.h>
#include <sqlite3.h>

namespace jobqd::stores::sqlite {

namespace {

struct OpenFile;

/// What all connections to one database share: its locks and the index of its log.
struct Shared {
  std::vector<OpenFile*> users;
  std::vector<std::unique_ptr<unsigned char[]>> regions;
};

/// SQLite allocates the memory; open_in() constructs it and close_file() destroys it.
struct OpenFile {
  sqlite3_file base{};  // First, because it is what SQLite sees.
  FaultVfs::State* vfs = nullptr;
  FaultDisk::FilePtr file;
  Shared* shared = nullptr;
  int lock = SQLITE_LOCK_NONE;
  unsigned shm_shared = 0;
  unsigned shm_exclusive = 0;
};

OpenFile& open_file(sqlite3_file* file) {
  return *reinterpret_cast<OpenFile*>(file);
}

}  // namespace

struct FaultVfs::State {
  FaultDisk disk;
  std::string name;
  sqlite3_vfs vfs{};
  std::mutex mutex;  // guards what follows
  std::map<std::string, Shared> shared;
  std::mt19937_64 random{1};
};

namespace {

FaultVfs::State& state(sqlite3_vfs* vfs) {
  return *static_cast<FaultVfs::State*>(vfs->pAppData);
}

// --- files

int close_file(sqlite3_file* raw) {
  auto& file = open_file(raw);
  {
    const std::scoped_lock lock(file.vfs->mutex);
    if (file.shared != nullptr) {
      std::erase(file.shared->users, &file);
      // The index ends with its last user, as it would in a crash of the machine.
      if (file.shared->users.empty()) file.shared->regions.clear();
    }
  }
  file.~OpenFile();
  return SQLITE_OK;
}

int read_file(sqlite3_file* raw, void* into, int length, sqlite3_int64 offset) {
  auto& file = open_file(raw);
  auto& disk = file.vfs->disk;
  const int code = disk.read(*file.file, static_cast<std::uint64_t>(offset),
                             {static_cast<unsigned char*>(into), static_cast<std::size_t>(length)});
  if (const auto on_read = disk.on_read()) on_read(file.file->name);
  return code;
}

int write_file(sqlite3_file* raw, const void* from, int length, sqlite3_int64 offset) {
  auto& file = open_file(raw);
  return file.vfs->disk.put(*file.file, static_cast<std::uint64_t>(offset),
                            {static_cast<const unsigned char*>(from), static_cast<std::size_t>(length)});
}

int truncate_file(sqlite3_file* raw, sqlite3_int64 size) {
  auto& file = open_file(raw);
  return file.vfs->disk.cut(*file.file, static_cast<std::uint64_t>(size));
}

int sync_file(sqlite3_file* raw, int /*flags*/) {
  auto& file = open_file(raw);
  return file.vfs->disk.flush(*file.file);
}

int size_of_file(sqlite3_file* raw, sqlite3_int64* size) {
  auto& file = open_file(raw);
  *size = static_cast<sqlite3_int64>(file.vfs->disk.size(*file.file));
  return SQLITE_OK;
}

int file_control(sqlite3_file* /*raw*/, int /*operation*/, void* /*argument*/) {
  return SQLITE_NOTFOUND;
}

int sector_size(sqlite3_file* /*raw*/) {
  return 4096;
}

/// Like SQLite's own VFS by default: a torn write changes no bytes beside it.
int device_characteristics(sqlite3_file* /*raw*/) {
  return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

// --- locks

/// The strongest lock that other connections hold.
int lock_of_others(const OpenFile& file) {
  int strongest = SQLITE_LOCK_NONE;
  for (const OpenFile* other : file.shared->users)
    if (other != &file) strongest = std::max(strongest, other->lock);
  return strongest;
}

int lock_file(sqlite3_file* raw, int wanted) {
  auto& file = open_file(raw);
  const std::scoped_lock lock(file.vfs->mutex);
  const int others = lock_of_others(file);
  const bool allowed = wanted == SQLITE_LOCK_SHARED     ? others < SQLITE_LOCK_PENDING
                       : wanted == SQLITE_LOCK_RESERVED ? others < SQLITE_LOCK_RESERVED
                                                        : others == SQLITE_LOCK_NONE;
  if (!allowed) return SQLITE_BUSY;
  file.lock = std::max(file.lock, wanted);
  return SQLITE_OK;
}

int unlock_file(sqlite3_file* raw, int level) {
  auto& file = open_file(raw);
  const std::scoped_lock lock(file.vfs->mutex);
  file.lock = std::min(file.lock, level);
  return SQLITE_OK;
}

int check_reserved_lock(sqlite3_file* raw, int* reserved) {
  auto& file = open_file(raw);
  const std::scoped_lock lock(file.vfs->mutex);
  *reserved = std::max(file.lock, lock_of_others(file)) >= SQLITE_LOCK_RESERVED ? 1 : 0;
  return SQLITE_OK;
}

// --- shared memory

int map_shared(sqlite3_file* raw, int region, int size, int extend, void volatile** memory) {
  auto& file = open_file(raw);
  const std::scoped_lock lock(file.vfs->mutex);
  auto& regions = file.shared->regions;
  const auto index = static_cast<std::size_t>(region);
  *memory = nullptr;
  if (index >= regions.size() && extend == 0) return SQLITE_OK;
  while (index >= regions.size())
    regions.push_back(std::make_unique<unsigned char[]>(static_cast<std::size_t>(size)));
  *memory = regions[index].get();
  return SQLITE_OK;
}

int lock_shared(sqlite3_file* raw, int first, int count, int flags) {
  auto& file = open_file(raw);
  const std::scoped_lock lock(file.vfs->mutex);
  const unsigned mask = ((1U << count) - 1U) << first;
  if ((flags & SQLITE_SHM_UNLOCK) != 0) {
    file.shm_shared &= ~mask;
    file.shm_exclusive &= ~mask;
    return SQLITE_OK;
  }
  const bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
  for (const OpenFile* other : file.shared->users) {
    const auto held = other->shm_exclusive | (exclusive ? other->shm_shared : 0);
    if (other != &file && (held & mask) != 0) return SQLITE_BUSY;
  }
  (exclusive ? file.shm_exclusive : file.shm_shared) |= mask;
  return SQLITE_OK;
}

void shared_barrier(sqlite3_file* raw) {
  const std::scoped_lock lock(open_file(raw).vfs->mutex);
}

int unmap_shared(sqlite3_file* raw, int /*remove*/) {
  auto& file = open_file(raw);
  const std::scoped_lock lock(file.vfs->mutex);
  file.shm_shared = file.shm_exclusive = 0;
  return SQLITE_OK;
}

constexpr sqlite3_io_methods file_methods{.iVersion = 2,
                                          .xClose = close_file,
                                          .xRead = read_file,
                                          .xWrite = write_file,
                                          .xTruncate = truncate_file,
                                          .xSync = sync_file,
                                          .xFileSize = size_of_file,
                                          .xLock = lock_file,
                                          .xUnlock = unlock_file,
                                          .xCheckReservedLock = check_reserved_lock,
                                          .xFileControl = file_control,
                                          .xSectorSize = sector_size,
                                          .xDeviceCharacteristics = device_characteristics,
                                          .xShmMap = map_shared,
                                          .xShmLock = lock_shared,
                                          .xShmBarrier = shared_barrier,
                                          .xShmUnmap = unmap_shared,
                                          .xFetch = nullptr,
                                          .xUnfetch = nullptr};

// --- the file system

int open_in(sqlite3_vfs* vfs, const char* name, sqlite3_file* raw, int flags, int* out_flags) {
  raw->pMethods = nullptr;
  auto& system = state(vfs);
  const bool main = (flags & SQLITE_OPEN_MAIN_DB) != 0;
  auto content = system.disk.open(name, (flags & SQLITE_OPEN_CREATE) != 0, main);
  if (!content) return SQLITE_CANTOPEN;
  auto* file = new (raw) OpenFile;
  file->base.pMethods = &file_methods;
  file->vfs = &system;
  file->file = std::move(content);
  if (main) {
    const std::scoped_lock lock(system.mutex);
    file->shared = &system.shared[name];
    file->shared->users.push_back(file);
  }
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

int delete_in(sqlite3_vfs* vfs, const char* name, int sync_directory) {
  return state(vfs).disk.erase(name, sync_directory != 0);
}

int access_in(sqlite3_vfs* vfs, const char* name, int /*flags*/, int* there) {
  *there = state(vfs).disk.exists(name) ? 1 : 0;
  return SQLITE_OK;
}

int full_path(sqlite3_vfs* /*vfs*/, const char* name, int size, char* into) {
  sqlite3_snprintf(size, into, "%s", name);
  return SQLITE_OK;
}

int randomness(sqlite3_vfs* vfs, int size, char* into) {
  auto& system = state(vfs);
  const std::scoped_lock lock(system.mutex);
  for (int i = 0; i < size; ++i) into[i] = static_cast<char>(system.random() & 0x7F);
  return size;
}

/// Time stands still here, so waiting for a lock takes none.
int pass_time(sqlite3_vfs* /*vfs*/, int microseconds) {
  return microseconds;
}

int current_time(sqlite3_vfs* /*vfs*/, sqlite3_int64* now) {
  *now = 0;
  return SQLITE_OK;
}

int last_error(sqlite3_vfs* /*vfs*/, int /*size*/, char* /*into*/) {
  return 0;
}

}  // namespace

FaultVfs::FaultVfs() : state_(std::make_unique<State>()) {
  static std::atomic<int> count{0};
  state_->name = fmt::format("fault-{}", ++count);
  auto& vfs = state_->vfs;
  vfs.iVersion = 2;
  vfs.szOsFile = sizeof(OpenFile);
  vfs.mxPathname = 512;
  vfs.zName = state_->name.c_str();
  vfs.pAppData = state_.get();
  vfs.xOpen = open_in;
  vfs.xDelete = delete_in;
  vfs.xAccess = access_in;
  vfs.xFullPathname = full_path;
  vfs.xRandomness = randomness;
  vfs.xSleep = pass_time;
  vfs.xGetLastError = last_error;
  vfs.xCurrentTimeInt64 = current_time;
  sqlite3_vfs_register(&vfs, 0);
}

FaultVfs::~FaultVfs() {
  sqlite3_vfs_unregister(&state_->vfs);
}

const std::string& FaultVfs::name() const {
  return state_->name;
}

FaultDisk& FaultVfs::disk() {
  return state_->disk;
}

}  // namespace jobqd::stores::sqlite
