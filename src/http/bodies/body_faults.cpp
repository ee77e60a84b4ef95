#include "http/bodies/body_faults.hpp"

#include <utility>

#include <fmt/format.h>

namespace jobqd::http {

namespace {

constexpr std::size_t most_fields = 16;

}  // namespace

void BodyFaults::refuse(domain::ErrorCode code, std::string detail, std::optional<std::string> pointer) {
  if (refused_) return;
  refused_ = domain::Error{.code = code, .detail = detail};
  if (pointer) refused_->fields.push_back({.pointer = *std::move(pointer), .detail = std::move(detail)});
}

void BodyFaults::add(std::string pointer, std::string detail) {
  if (fields_.size() < most_fields)
    fields_.push_back({.pointer = std::move(pointer), .detail = std::move(detail)});
}

std::optional<domain::Error> BodyFaults::error() && {
  if (refused_ || fields_.empty()) return std::move(refused_);
  const auto& first = fields_.front();
  auto detail = first.pointer.empty() ? first.detail : fmt::format("{} {}", first.pointer, first.detail);
  return domain::Error{
      .code = domain::ErrorCode::invalid_field, .detail = std::move(detail), .fields = std::move(fields_)};
}

std::string pointer_step(std::string_view name) {
  std::string step = "/";
  for (const char c : name.substr(0, 100)) step += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return step;
}

}  // namespace jobqd::http
