#include "stores/faults/fault_disk.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include <sqlite3.h>

#include <jobqd/base/check.hpp>

namespace jobqd::stores::sqlite {

namespace {

void apply(FaultDisk::Bytes& content, std::uint64_t offset, std::span<const unsigned char> bytes) {
  if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size());
  std::ranges::copy(bytes, content.begin() + static_cast<std::ptrdiff_t>(offset));
}

void apply(FaultDisk::Bytes& content, const FaultDisk::Change& change) {
  if (change.truncates)
    content.resize(change.offset);
  else
    apply(content, change.offset, change.bytes);
}

int failure_of(FaultDisk::Operation operation) {
  switch (operation) {
    case FaultDisk::sync:
      return SQLITE_IOERR_FSYNC;
    case FaultDisk::truncate:
      return SQLITE_IOERR_TRUNCATE;
    case FaultDisk::remove:
      return SQLITE_IOERR_DELETE;
    default:
      return SQLITE_IOERR_WRITE;
  }
}

/// Calls visit(sector, offset, bytes) for each piece of the change, cut at the borders of sectors.
template <class Visit>
void each_piece(const FaultDisk::Change& change, std::size_t grain, Visit visit) {
  for (std::size_t done = 0; done < change.bytes.size();) {
    const auto offset = change.offset + done;
    const auto length = std::min<std::size_t>(grain - offset % grain, change.bytes.size() - done);
    visit(offset / grain, offset, std::span(change.bytes).subspan(done, length));
    done += length;
  }
}

}  // namespace

void FaultDisk::fail(Fault fault) {
  const std::scoped_lock lock(mutex_);
  fault_ = fault;
  armed_ = true;
  operations_ = matching_ = 0;
  struck_ = false;
}

void FaultDisk::heal() {
  const std::scoped_lock lock(mutex_);
  armed_ = false;
}

void FaultDisk::cut_power(std::uint64_t nth) {
  const std::scoped_lock lock(mutex_);
  cut_ = nth;
  operations_ = matching_ = 0;
  struck_ = off_ = nth == 0;
}

void FaultDisk::restart(Survivors survivors, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const std::scoped_lock lock(mutex_);
  // If the creation or removal of a name was not synced, the name may exist or not.
  auto names = survivors == Survivors::all ? files_ : durable_;
  if (survivors == Survivors::sectors || survivors == Survivors::pages) {
    for (const auto& [name, file] : files_)
      if (!names.contains(name) && random() % 2 == 0) names.emplace(name, file);
    std::erase_if(names,
                  [&](const auto& entry) { return !files_.contains(entry.first) && random() % 2 == 0; });
  }
  files_.clear();
  for (const auto& [name, file] : names) {
    auto left = std::make_shared<File>(
        File{.name = name, .now = survive(*file, survivors, random), .synced = {}, .unsynced = {}});
    left->synced = left->now;
    files_.emplace(name, std::move(left));
  }
  durable_ = files_;
  armed_ = struck_ = off_ = false;
  cut_.reset();
}

FaultDisk::Bytes FaultDisk::survive(const File& file, Survivors survivors, std::mt19937_64& random) {
  switch (survivors) {
    case Survivors::none:
      return file.synced;
    case Survivors::all:
      return file.now;
    case Survivors::sectors:
      return mixed(file, 512, random);
    case Survivors::pages:
      return mixed(file, 4096, random);
  }
  return {};
}

FaultDisk::Bytes FaultDisk::mixed(const File& file, std::size_t grain, std::mt19937_64& random) {
  struct Sector {
    std::uint64_t versions = 0;
    std::uint64_t kept = 0;
    std::uint64_t seen = 0;
  };
  std::unordered_map<std::uint64_t, Sector> sectors;
  for (const auto& change : file.unsynced)
    each_piece(change, grain, [&](std::uint64_t sector, auto, auto) { ++sectors[sector].versions; });
  // Sometimes nearly nothing has reached the disk, sometimes nearly everything.
  const auto share = std::uniform_real_distribution<>{}(random);
  for (auto& [number, sector] : sectors)
    sector.kept =
        std::bernoulli_distribution{share}(random) ? sector.versions : random() % (sector.versions + 1);

  Bytes content = file.synced;
  for (const auto& change : file.unsynced) {
    if (change.truncates && random() % 2 == 0) content.resize(change.offset);
    each_piece(change, grain,
               [&](std::uint64_t number, std::uint64_t offset, std::span<const unsigned char> bytes) {
                 auto& sector = sectors[number];
                 if (sector.seen++ < sector.kept) apply(content, offset, bytes);
               });
  }
  return content;
}

std::uint64_t FaultDisk::operations() const {
  const std::scoped_lock lock(mutex_);
  return operations_;
}

bool FaultDisk::struck() const {
  const std::scoped_lock lock(mutex_);
  return struck_;
}

bool FaultDisk::off() const {
  const std::scoped_lock lock(mutex_);
  return off_;
}

std::size_t FaultDisk::size(const std::string& name) const {
  const std::scoped_lock lock(mutex_);
  const auto file = files_.find(name);
  return file == files_.end() ? 0 : file->second->now.size();
}

FaultDisk::Image FaultDisk::content() const {
  const std::scoped_lock lock(mutex_);
  Image image;
  for (const auto& [name, file] : files_) image.emplace(name, file->now);
  return image;
}

void FaultDisk::load(const Image& image) {
  const std::scoped_lock lock(mutex_);
  files_.clear();
  for (const auto& [name, bytes] : image)
    files_.emplace(name,
                   std::make_shared<File>(File{.name = name, .now = bytes, .synced = bytes, .unsynced = {}}));
  durable_ = files_;
}

void FaultDisk::flip(const std::string& name, std::uint64_t bit) {
  const std::scoped_lock lock(mutex_);
  auto& file = *files_.at(name);
  for (Bytes* bytes : {&file.now, &file.synced})
    bytes->at(bit / 8) = static_cast<unsigned char>(bytes->at(bit / 8) ^ (1U << (bit % 8)));
}

void FaultDisk::set_on_read(OnRead on_read) {
  const std::scoped_lock lock(mutex_);
  on_read_ = std::move(on_read);
}

FaultDisk::OnRead FaultDisk::on_read() const {
  const std::scoped_lock lock(mutex_);
  return on_read_;
}

FaultDisk::FilePtr FaultDisk::open(const char* name, bool create, bool main) {
  const std::scoped_lock lock(mutex_);
  if (name == nullptr)
    return std::make_shared<File>(
        File{.name = {}, .now = {}, .synced = {}, .unsynced = {}, .counted = false});
  if (const auto found = files_.find(name); found != files_.end()) return found->second;
  if (!create || off_) return nullptr;
  auto file = std::make_shared<File>(File{.name = name, .now = {}, .synced = {}, .unsynced = {}});
  files_.emplace(name, file);
  if (main) durable_.insert_or_assign(name, file);
  return file;
}

bool FaultDisk::exists(const std::string& name) const {
  const std::scoped_lock lock(mutex_);
  return files_.contains(name);
}

/// The code with which this operation fails; empty if it succeeds.
std::optional<int> FaultDisk::strikes(Operation operation, const File& file) {
  if (!file.counted) return std::nullopt;
  ++operations_;
  if (cut_ && operations_ >= *cut_) off_ = struck_ = true;
  if (off_) return failure_of(operation);
  if (!armed_ || (fault_.operations & operation) == 0) return std::nullopt;
  ++matching_;
  if (matching_ != fault_.nth && !(fault_.persistent && matching_ > fault_.nth)) return std::nullopt;
  struck_ = true;
  return fault_.code;
}

int FaultDisk::erase(const std::string& name, bool durably) {
  const std::scoped_lock lock(mutex_);
  const auto found = files_.find(name);
  if (found == files_.end()) return SQLITE_IOERR_DELETE_NOENT;
  if (const auto code = strikes(remove, *found->second)) return *code;
  files_.erase(found);
  if (durably) durable_.erase(name);
  return SQLITE_OK;
}

int FaultDisk::read(const File& file, std::uint64_t offset, std::span<unsigned char> into) const {
  const std::scoped_lock lock(mutex_);
  const auto there =
      offset >= file.now.size() ? 0 : std::min<std::size_t>(into.size(), file.now.size() - offset);
  std::copy_n(file.now.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(offset, file.now.size())),
              there, into.begin());
  std::ranges::fill(into.subspan(there), 0);
  return there == into.size() ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

int FaultDisk::put(File& file, std::uint64_t offset, std::span<const unsigned char> bytes) {
  const std::scoped_lock lock(mutex_);
  const bool was_off = off_;
  const auto code = strikes(write, file);
  // The write during which the power goes may reach the disk in part; a later one does not.
  if (was_off) return *code;
  if (code && !off_) bytes = bytes.first(std::min(bytes.size(), fault_.landed));
  if (bytes.empty()) return code.value_or(SQLITE_OK);
  apply(file.now, offset, bytes);
  file.unsynced.push_back({.offset = offset, .bytes = Bytes(bytes.begin(), bytes.end())});
  return code.value_or(SQLITE_OK);
}

int FaultDisk::cut(File& file, std::uint64_t size) {
  const std::scoped_lock lock(mutex_);
  if (const auto code = strikes(truncate, file)) return *code;
  file.now.resize(size);
  file.unsynced.push_back({.offset = size, .bytes = {}, .truncates = true});
  return SQLITE_OK;
}

int FaultDisk::flush(File& file) {
  const std::scoped_lock lock(mutex_);
  if (const auto code = strikes(sync, file)) {
    // Like Linux: the pages count as clean from now on, and no later sync writes them.
    if (!off_) file.unsynced.clear();
    return *code;
  }
  for (const auto& change : file.unsynced) apply(file.synced, change);
  file.unsynced.clear();
  // With the first sync of a new file SQLite syncs the directory, and so all names in it.
  const auto shown = files_.find(file.name);
  const auto kept = durable_.find(file.name);
  const bool is_new = shown != files_.end() && shown->second.get() == &file &&
                      (kept == durable_.end() || kept->second.get() != &file);
  if (is_new) durable_ = files_;
  return SQLITE_OK;
}

std::uint64_t FaultDisk::size(const File& file) const {
  const std::scoped_lock lock(mutex_);
  return file.now.size();
}

}  // namespace jobqd::stores::sqlite
