#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include <jobqd/base/clock.hpp>

/// The fields of JSON bodies, and what their rules share.
namespace jobqd::http {

/// An object or an array.
struct Compound {};

/// A JSON value, as much of it as the rule of a field needs. Text is valid during the call of the rule only.
using FieldValue =
    std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string_view, Compound>;

/// What is wrong with a value, and what is allowed, for people; empty when nothing is wrong.
using Fault = std::optional<std::string>;

/// One field of an object that is read into a Target. It has either a rule or keeps its text.
template <class Target>
struct Field {
  std::string_view name;
  /// Takes the value into the target, or says what is wrong with it.
  Fault (*rule)(Target& target, const FieldValue& value) = nullptr;
  /// Takes any value as its JSON text, byte for byte as it came.
  void (*keep)(Target& target, std::string_view json) = nullptr;
};

/// All fields of an object, at most 32.
template <class Target>
using Fields = std::span<const Field<Target>>;

/// nullptr when there is no such field.
template <class Target>
[[nodiscard]] const Field<Target>* find_field(Fields<Target> fields, std::string_view name) {
  for (const auto& field : fields)
    if (field.name == name) return &field;
  return nullptr;
}

/// A bit for each field, to notice repeated ones. The field is one of `fields`.
template <class Target>
[[nodiscard]] std::uint32_t field_bit(Fields<Target> fields, const Field<Target>& field) {
  return 1U << (&field - fields.data());
}

/// `must be ALLOWED, not VALUE`.
[[nodiscard]] Fault must_be(std::string_view allowed, const FieldValue& value);

/// Why this cannot be the id of a job or the name of a worker; empty when it can.
[[nodiscard]] std::string_view id_fault(std::string_view id);

/// Takes a value that id_fault() allows.
[[nodiscard]] Fault take_id(std::string& id, const FieldValue& value);

/// A whole number in [low, high]; empty for anything else.
[[nodiscard]] std::optional<std::int64_t> integer_in(const FieldValue& value, std::int64_t low,
                                                     std::int64_t high);

/// A duration in [shortest, longest], given as text or as a number of seconds; empty for anything else.
[[nodiscard]] std::optional<base::milliseconds> duration_up_to(const FieldValue& value,
                                                               base::milliseconds shortest,
                                                               base::milliseconds longest);

}  // namespace jobqd::http
