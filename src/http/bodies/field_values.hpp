#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <jobqd/base/clock.hpp>

/// What the rules of fields in JSON bodies share.
namespace jobqd::http {

/// A JSON value as far as a field's rule wants to know.
struct Compound {};  ///< An object or an array.
using FieldValue =
    std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string_view, Compound>;

/// What is wrong with a value, for people; empty where nothing is.
using Fault = std::optional<std::string>;

/// `must be ALLOWED, not VALUE`.
[[nodiscard]] Fault must_be(std::string_view allowed, const FieldValue& value);

/// Why this cannot be the id of a job or the name of a worker; empty when it can.
[[nodiscard]] std::string_view id_fault(std::string_view id);

/// Takes a value that id_fault() allows.
[[nodiscard]] Fault take_id(std::string& id, const FieldValue& value);

/// Empty for anything but a whole number in [low, high].
[[nodiscard]] std::optional<std::int64_t> integer_in(const FieldValue& value, std::int64_t low,
                                                     std::int64_t high);

/// A duration as text, or a number of seconds, in [shortest, longest]; empty for anything else.
[[nodiscard]] std::optional<base::milliseconds> duration_up_to(const FieldValue& value,
                                                               base::milliseconds shortest,
                                                               base::milliseconds longest);

}  // namespace jobqd::http
