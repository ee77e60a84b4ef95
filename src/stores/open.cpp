// Puts stores together: the only place that knows both the embedded store and its journals.

#include "stores/open.hpp"

#include <utility>

#include "stores/embedded/embedded_store.hpp"
#include "stores/journal/null_journal.hpp"

namespace jobqd::stores {

namespace {

/// Fencing tokens of one opening of the file: as many as 32 bits hold, all greater than those of the last.
constexpr int token_bits = 32;

}  // namespace

std::unique_ptr<engine::Store> open_memory_store(const EmbeddedOptions& options, Surroundings around) {
  return std::make_unique<embedded::EmbeddedStore>(options, std::move(around),
                                                   std::make_unique<journal::NullJournal>());
}

std::expected<OpenedStore, std::string> open_sqlite_store(const std::string& path,
                                                          const EmbeddedOptions& options,
                                                          Surroundings around) {
  auto file = sqlite::JournalFile::open({.path = path});
  if (!file) return std::unexpected(file.error());
  return restore_store(options, std::move(around), *std::move(file));
}

std::expected<OpenedStore, std::string> restore_store(const EmbeddedOptions& options, Surroundings around,
                                                      std::unique_ptr<sqlite::JournalFile> file,
                                                      journal::BatchingJournal::Options journal_options) {
  auto& history = *file;
  auto owned = std::make_unique<journal::BatchingJournal>(journal_options, around.clock, around.observer,
                                                          std::move(file));
  auto& journal = *owned;
  auto store = std::make_unique<embedded::EmbeddedStore>(options, std::move(around), std::move(owned));
  Recovery recovery;
  std::string fault;
  const auto read = history.replay([&](journal::StoredJob&& stored) {
    if (fault.empty()) fault = store->restore(std::move(stored), recovery);
  });
  if (!read) return std::unexpected(read.error());
  if (!fault.empty()) return std::unexpected(fault);
  const auto paused = history.paused_queues();
  if (!paused) return std::unexpected(paused.error());
  for (const auto& queue : *paused) store->restore_paused(queue);
  store->finish_restore(std::uint64_t{history.epoch()} << token_bits);
  journal.start();
  return OpenedStore{.store = std::move(store), .recovery = std::move(recovery)};
}

}  // namespace jobqd::stores
