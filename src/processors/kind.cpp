// How the values of a kind's keys are read, kept and written.

#include <jobqd/processors/kind.hpp>

#include <algorithm>
#include <exception>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include <jobqd/base/duration.hpp>
#include <jobqd/base/json_string.hpp>
#include <jobqd/base/number.hpp>
#include <jobqd/base/size.hpp>

namespace jobqd::processors {

namespace {

/// The value where it is within the bounds of its type.
template <class T, class Bounds>
std::optional<T> within(std::optional<T> value, const Bounds& bounds) {
  // Written so that NaN, which is neither below nor above, is refused.
  const bool fits = value && *value >= static_cast<T>(bounds.low) && *value <= static_cast<T>(bounds.high);
  return fits ? value : std::nullopt;
}

std::optional<base::milliseconds> parse_duration(std::string_view text) {
  return text == "0" ? base::milliseconds{0} : base::parse_duration(text);
}

std::optional<std::int64_t> as_bytes(std::optional<std::size_t> size) {
  constexpr std::size_t most = std::numeric_limits<std::int64_t>::max();
  return size && *size <= most ? std::optional(static_cast<std::int64_t>(*size)) : std::nullopt;
}

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

}  // namespace

auto KeyValues::read(const ValueType& type, const std::string& text) -> std::optional<Value> {
  const auto value = [](auto read) { return read ? std::optional<Value>(*read) : std::nullopt; };
  return std::visit(
      Overloaded{
          [&](const Text&) { return std::optional<Value>(text); },
          [&](const Whole& whole) { return value(within(base::parse_number<std::int64_t>(text), whole)); },
          [&](const Number& number) { return value(within(base::parse_number<double>(text), number)); },
          [&](const Duration& duration) { return value(within(parse_duration(text), duration)); },
          [&](const Size& size) { return value(within(as_bytes(base::parse_size(text)), size)); }},
      type);
}

std::string KeyValues::text(const ValueType& type, const Value& value) {
  return std::visit(
      Overloaded{
          [](const Text&, const std::string& text) { return text; },
          [](const Whole&, std::int64_t number) { return fmt::to_string(number); },
          [](const Number&, double number) { return fmt::format("{}", number); },
          [](const Duration&, base::milliseconds duration) { return base::format_duration(duration); },
          [](const Size&, std::int64_t bytes) { return base::format_size(static_cast<std::size_t>(bytes)); },
          [](const auto&, const auto&) {
            JOBQD_UNREACHABLE("a value has the type of its key");
            return std::string{};
          }},
      type, value);
}

std::expected<void, std::string> KeyValues::set(const Key& key, Texts texts) {
  JOBQD_CHECK(key.is_list || texts.size() == 1);
  std::vector<Value> values;
  values.reserve(texts.size());
  for (const auto& text : texts) {
    auto value = read(key.type, text);
    if (!value) return std::unexpected(std::string{});
    values.push_back(*std::move(value));
  }
  if (key.fault)
    if (auto wrong = key.fault(texts); !wrong.empty()) return std::unexpected(std::move(wrong));
  values_.insert_or_assign(key.name, std::move(values));
  return {};
}

void KeyValues::set_standards(std::span<const Key> keys) {
  for (const auto& key : keys) {
    if (key.is_required || (!key.is_list && key.standard.empty())) continue;
    std::vector<Value> values;
    values.reserve(key.standard.size());
    for (const auto& text : key.standard) {
      auto value = read(key.type, text);
      JOBQD_CHECK(value.has_value());
      values.push_back(*std::move(value));
    }
    values_.insert_or_assign(key.name, std::move(values));
  }
}

auto KeyValues::find(std::string_view name) const -> const std::vector<Value>* {
  const auto found = values_.find(name);
  return found == values_.end() ? nullptr : &found->second;
}

std::vector<std::string> KeyValues::texts(const Key& key) const {
  std::vector<std::string> all;
  if (const auto* values = find(key.name))
    for (const auto& value : *values) all.push_back(text(key.type, value));
  return all;
}

std::string KeyValues::toml(const Key& key) const {
  if (!has(key.name)) return {};
  const bool is_number = std::holds_alternative<Whole>(key.type) || std::holds_alternative<Number>(key.type);
  std::string all;
  for (const auto& text : texts(key))
    all += (all.empty() ? "" : ", ") + (is_number ? text : base::json_string(text));
  return key.is_list ? fmt::format("[{}]", all) : all;
}

const ProcessorKind* find_kind(std::span<const ProcessorKind> kinds, std::string_view name) {
  const auto found = std::ranges::find(kinds, name, &ProcessorKind::name);
  return found == kinds.end() ? nullptr : &*found;
}

std::string surroundings_fault(const ProcessorKind& kind, const KeyValues& values) {
  for (const auto& key : kind.keys) {
    if (!key.surroundings_fault || !values.has(key.name)) continue;
    if (const auto lacks = key.surroundings_fault(values.texts(key)); !lacks.empty())
      return fmt::format("{}: {}", key.name, lacks);
  }
  return {};
}

ProcessorKind::Made make_processor(const ProcessorKind& kind, const ProcessorContext& context) {
  if (auto lacks = surroundings_fault(kind, context.values); !lacks.empty())
    return std::unexpected(std::move(lacks));
  try {
    return kind.make(context);
  } catch (const std::exception& error) {
    return std::unexpected(fmt::format("its processor cannot be made: {}", error.what()));
  }
}

std::string above(std::string_view low, base::milliseconds low_value, std::string_view high,
                  base::milliseconds high_value) {
  if (low_value <= high_value) return {};
  return fmt::format("{}: {} is not allowed: it is above {}, which is {}", low,
                     base::format_duration(low_value), high, base::format_duration(high_value));
}

}  // namespace jobqd::processors
