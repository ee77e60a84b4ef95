// Puts stores together: the only place that knows both the embedded store and its journals.

#include "stores/open.hpp"

#include <utility>

#include <jobqd/base/check.hpp>

#include "stores/embedded/embedded_store.hpp"
#include "stores/journal/null_journal.hpp"
#include "stores/reading.hpp"

namespace jobqd::stores {

namespace {

/// Fencing tokens of one opening of the file: as many as 32 bits hold, all greater than those of the last.
constexpr int token_bits = 32;

/// How long a restoration waits for the file before it asks whether to go on.
constexpr base::milliseconds ask_again{50};

/// Restores all jobs, as UnrestoredStore::restore says.
std::expected<std::optional<Recovery>, std::string> restore_jobs(embedded::EmbeddedStore& store,
                                                                 sqlite::JournalFile& file,
                                                                 const GoOn& go_on) {
  auto check = file.page_check();
  if (!check) return std::unexpected(check.error());
  Reading reading(file, *std::move(check));
  Recovery recovery;
  RestoredJobs restored;
  std::string fault;  // What the check finds wrong with the pages comes before it.
  while (true) {
    auto step = reading.next(ask_again);
    if (!step) return std::unexpected(std::move(step.error()));
    if (step->complete) break;
    restored.done += step->jobs.size();
    restored.all = reading.jobs();
    if (fault.empty()) fault = store.restore(std::move(step->jobs), restored.all, recovery);
    if (!go_on(restored)) return std::nullopt;
  }
  if (!fault.empty()) return std::unexpected(std::move(fault));
  return recovery;
}

std::expected<OpenedStore, std::string> restore_all(UnrestoredStore opened) {
  auto recovery = opened.restore([](RestoredJobs /*so_far*/) { return true; });
  if (!recovery) return std::unexpected(std::move(recovery.error()));
  JOBQD_CHECK(recovery->has_value());
  return OpenedStore{.store = std::move(opened.store), .recovery = **std::move(recovery)};
}

}  // namespace

std::unique_ptr<engine::Store> open_memory_store(const EmbeddedOptions& options, Surroundings around) {
  return std::make_unique<embedded::EmbeddedStore>(options, std::move(around),
                                                   std::make_unique<journal::NullJournal>());
}

std::expected<UnrestoredStore, std::string> open_sqlite_file(const std::string& path,
                                                             const EmbeddedOptions& options,
                                                             Surroundings around) {
  auto file = sqlite::JournalFile::open({.path = path});
  if (!file) return std::unexpected(file.error());
  return unrestored_store(options, std::move(around), *std::move(file));
}

std::expected<OpenedStore, std::string> open_sqlite_store(const std::string& path,
                                                          const EmbeddedOptions& options,
                                                          Surroundings around) {
  auto opened = open_sqlite_file(path, options, std::move(around));
  if (!opened) return std::unexpected(std::move(opened.error()));
  return restore_all(*std::move(opened));
}

UnrestoredStore unrestored_store(const EmbeddedOptions& options, Surroundings around,
                                 std::unique_ptr<sqlite::JournalFile> file,
                                 journal::BatchingJournal::Options journal_options) {
  auto& history = *file;
  auto owned = std::make_unique<journal::BatchingJournal>(journal_options, around.clock, around.observer,
                                                          std::move(file));
  auto& journal = *owned;
  auto made = std::make_unique<embedded::EmbeddedStore>(options, std::move(around), std::move(owned));
  auto& store = *made;
  store.begin_restore();
  auto restore = [&store, &journal,
                  &history](const GoOn& go_on) -> std::expected<std::optional<Recovery>, std::string> {
    auto recovery = restore_jobs(store, history, go_on);
    if (!recovery || !*recovery) return recovery;
    const auto paused = history.paused_queues();
    if (!paused) return std::unexpected(paused.error());
    if (auto begun = history.begin(); !begun) return std::unexpected(begun.error());
    auto payloads = history.payloads();
    if (!payloads) return std::unexpected(payloads.error());
    store.finish_restore(std::uint64_t{history.epoch()} << token_bits, *paused);
    journal.start(*std::move(payloads));
    return recovery;
  };
  return {.store = std::move(made), .restore = std::move(restore)};
}

std::expected<OpenedStore, std::string> restore_store(const EmbeddedOptions& options, Surroundings around,
                                                      std::unique_ptr<sqlite::JournalFile> file,
                                                      journal::BatchingJournal::Options journal_options) {
  return restore_all(unrestored_store(options, std::move(around), std::move(file), journal_options));
}

}  // namespace jobqd::stores
