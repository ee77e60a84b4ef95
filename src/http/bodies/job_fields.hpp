#pragma once

#include <cstdint>
#include <string_view>

#include <jobqd/domain/job.hpp>

#include "http/bodies/field_values.hpp"

/// The fields of a job in POST /enqueue: one table with the rule of each.
namespace jobqd::http {

/// Takes the value into the job, or says what is wrong with it and what is allowed.
using FieldRule = Fault (*)(domain::NewJob& job, const FieldValue& value);

struct FieldSpec {
  std::string_view name;
  FieldRule rule;  ///< nullptr: the payload, which may be anything.
};

/// nullptr when there is no such field.
[[nodiscard]] const FieldSpec* find_field(std::string_view name);

/// A bit for each field, to notice repeated ones.
[[nodiscard]] std::uint32_t field_bit(const FieldSpec& field);

/// The names of all fields, for messages.
[[nodiscard]] std::string_view field_names();

}  // namespace jobqd::http
