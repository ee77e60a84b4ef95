#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The cases of Http11Probe: raw requests, each with a verdict on every possible reaction of a server.
namespace jobqd::http {

enum class Verdict : std::uint8_t { pass, warn, fail };

struct ProbeCase {
  std::string id;
  std::string level;  ///< Must, Should, May, OughtTo, NotApplicable.
  bool scored = false;
  std::string description;
  std::string expected;            ///< In words.
  std::vector<std::string> steps;  ///< Bytes to send; `{HOST}` stands for the server.
  /// The reactions and their verdicts: a status, `ClosedByServer`, `TimedOut`, `200/Open`, or a scenario of
  /// several steps.
  std::map<std::string, Verdict, std::less<>> worth;
  bool in_scenarios = false;  ///< `worth` speaks of scenarios.
};

struct ProbeResult {
  Verdict verdict;
  std::string reaction;  ///< Of the server, in the words of ProbeCase::worth.
};

/// Throws when the file cannot be read.
[[nodiscard]] std::vector<ProbeCase> read_probe_cases(const std::filesystem::path& file);

/// Tries one case on a server that answers GET, HEAD, POST and OPTIONS at `/` and echoes bodies. Any thread.
[[nodiscard]] ProbeResult probe(const ProbeCase& probe_case, std::uint16_t port);

}  // namespace jobqd::http
