#pragma once

#include <expected>
#include <memory>
#include <string>

#include <jobqd/stores/embedded_store.hpp>

#include "stores/journal/batching_journal.hpp"
#include "stores/sqlite/journal_file.hpp"

namespace jobqd::stores {

/// An embedded store for the jobs of the file, and with a journal that will write to it.
[[nodiscard]] UnrestoredStore unrestored_store(const EmbeddedOptions& options, Surroundings around,
                                               std::unique_ptr<sqlite::JournalFile> file,
                                               journal::BatchingJournal::Options journal_options = {});

/// An embedded store with everything that the file holds, and with a journal that goes on writing to it. The
/// error is one line.
[[nodiscard]] std::expected<OpenedStore, std::string> restore_store(
    const EmbeddedOptions& options, Surroundings around, std::unique_ptr<sqlite::JournalFile> file,
    journal::BatchingJournal::Options journal_options = {});

}  // namespace jobqd::stores
