#include "app/commands/commands.hpp"

#include <fmt/format.h>

#include <jobqd/stores/sqlite_tools.hpp>

namespace jobqd::app {

namespace {

using domain::Status;

constexpr std::size_t faults_shown = 20;

Answer describe(const std::string& path, const stores::CheckReport& report) {
  const auto& counts = report.counts;
  auto text = fmt::format("{}: schema version {}, {} queued, {} running, {} done, {} failed\n", path,
                          report.version, counts.of(Status::queued), counts.of(Status::running),
                          counts.of(Status::done), counts.of(Status::failed));
  for (std::size_t i = 0; i < report.faults.size() && i < faults_shown; ++i)
    text += fmt::format("damaged: {}\n", report.faults[i]);
  if (report.faults.size() > faults_shown)
    text += fmt::format("and {} more\n", report.faults.size() - faults_shown);
  text += report.faults.empty() ? "sound\n" : "not sound\n";
  return {.text = std::move(text), .exit_code = report.faults.empty() ? 0 : 1};
}

}  // namespace

std::expected<Answer, std::string> answer(const Command& command) {
  if (const auto* print = std::get_if<Print>(&command)) return Answer{.text = print->text};
  if (const auto* check = std::get_if<Check>(&command)) {
    const auto report = stores::check_sqlite_file(check->path);
    if (!report) return std::unexpected(report.error());
    return describe(check->path, *report);
  }
  const auto& backup = std::get<Backup>(command);
  if (auto copied = stores::backup_sqlite_file(backup.from, backup.to); !copied)
    return std::unexpected(copied.error());
  return Answer{.text = fmt::format("copied {} to {}\n", backup.from, backup.to)};
}

}  // namespace jobqd::app
