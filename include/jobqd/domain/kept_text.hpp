#pragma once

#include <optional>
#include <string>

#include <jobqd/domain/end_of_attempt.hpp>

/// What a job keeps of an attempt. Whoever made it (a program, a web service, a remote worker, a processor of
/// an embedder), it becomes part of the API's JSON and of the store's file, so it has to be valid.
namespace jobqd::domain {

/// The result that is kept of an output. JSON text that keeps the rules of a payload (UTF-8, fewer than
/// limits::json_depth levels, no number beyond the range of a double) and fits into limits::result_bytes
/// stays as it is. Any other text becomes a JSON string, cut between characters so that it fits. Line ends at
/// the end are dropped. Empty output is no result.
[[nodiscard]] std::optional<std::string> kept_result(std::string output);

/// An error as UTF-8, cut between characters to limits::error_bytes.
[[nodiscard]] std::string kept_error(std::string error);

/// The outcome with its result or its error in the form in which it is kept.
[[nodiscard]] Outcome kept(Outcome outcome);

}  // namespace jobqd::domain
