#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <jobqd/domain/error.hpp>

namespace jobqd::http {

/// What is wrong with a body, gathered while it is read: the body as a whole, or some of its fields.
class BodyFaults {
 public:
  [[nodiscard]] bool none() const { return !refused_ && fields_.empty(); }

  /// The body is wrong as a whole, found in the field at `pointer` if there is one. The first refusal counts,
  /// and hides all wrong fields.
  void refuse(domain::ErrorCode code, std::string detail, std::optional<std::string> pointer = {});

  /// A field is wrong. Only the first 16 are reported.
  void add(std::string pointer, std::string detail);

  /// The error to answer with; empty when nothing is wrong.
  [[nodiscard]] std::optional<domain::Error> error() &&;

 private:
  std::optional<domain::Error> refused_;
  std::vector<domain::FieldError> fields_;
};

/// A field's name as a step of a JSON pointer (RFC 6901, section 3), cut to 100 bytes.
[[nodiscard]] std::string pointer_step(std::string_view name);

}  // namespace jobqd::http
