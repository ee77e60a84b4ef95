#pragma once

#include <expected>
#include <memory>
#include <string>

#include <jobqd/base/clock.hpp>
#include <jobqd/stores/embedded_store.hpp>

#include "stores/sqlite/journal.hpp"

namespace jobqd::stores {

/// An embedded store with everything that the journal's file holds; it owns the journal and starts its
/// thread. The error is one line. `clock` outlives the store.
[[nodiscard]] std::expected<OpenedStore, std::string> restore_store(
    const EmbeddedOptions& options, Surroundings around, std::unique_ptr<sqlite::SqliteJournal> journal);

}  // namespace jobqd::stores
