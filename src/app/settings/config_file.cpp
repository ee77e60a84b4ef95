#include "app/settings/config_file.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <jobqd/base/characters.hpp>

namespace jobqd::app {

namespace {

using Error = std::unexpected<std::string>;
using Kinds = std::span<const processors::ProcessorKind>;

std::string place(const toml::source_region& region) {
  return fmt::format("{}:{}:{}", shown(region.path ? *region.path : ""), region.begin.line,
                     region.begin.column);
}

Error wrong(const toml::source_region& region, std::string_view what) {
  return Error(fmt::format("CONFIG: {}: {}", place(region), what));
}

std::optional<std::string> scalar_text(const toml::node& node) {
  if (auto text = node.value_exact<std::string>()) return text;
  if (const auto number = node.value_exact<std::int64_t>()) return fmt::to_string(*number);
  if (const auto number = node.value_exact<double>()) return fmt::format("{}", *number);
  return std::nullopt;
}

std::optional<std::vector<std::string>> list_texts(const toml::node& node) {
  const auto* list = node.as_array();
  if (list == nullptr) return std::nullopt;
  std::vector<std::string> texts;
  for (const auto& element : *list) {
    auto text = scalar_text(element);
    if (!text) return std::nullopt;
    texts.push_back(*std::move(text));
  }
  return texts;
}

/// The values for a key; empty where the node is of another type than the key takes.
std::optional<std::vector<std::string>> texts_for(const QueueKey& key, const toml::node& node) {
  if (key.is_list()) return list_texts(node);
  auto text = scalar_text(node);
  if (!text) return std::nullopt;
  return std::vector{*std::move(text)};
}

/// The keys that a queue of this kind has, and behind them those of other kinds, for errors.
std::vector<QueueKey> known_keys(Kinds kinds, const processors::ProcessorKind& kind) {
  std::vector<QueueKey> keys;
  for (const auto& setting : queue_settings()) keys.emplace_back(setting);
  for (const auto& key : kind.keys) keys.emplace_back(kind, key);
  for (const auto& other : kinds)
    for (const auto& key : other.keys) keys.emplace_back(other, key);
  return keys;
}

std::expected<void, std::string> read_keys(const toml::table& table, const std::string& prefix,
                                           std::span<const QueueKey> known, ConfigFile::Queue& queue) {
  for (const auto& [key, node] : table) {
    const auto name = prefix + std::string(key.str());
    if (name == "processor") continue;
    auto found = std::ranges::find(known, name, &QueueKey::name);
    if (found == known.end() && !name.empty()) found = std::ranges::find(known, name, &QueueKey::short_form);
    const bool has_keys_below = std::ranges::any_of(
        known, [&](const QueueKey& other) { return other.name().starts_with(name + "."); });
    if (const auto* below = node.as_table(); below != nullptr && has_keys_below) {
      if (auto read = read_keys(*below, name + ".", known, queue); !read) return read;
      continue;
    }
    if (found == known.end())
      return wrong(key.source(),
                   fmt::format("a queue has no setting \"{}\"; see docs/operations.md", shown(name)));
    auto texts = texts_for(*found, node);
    if (!texts)
      return wrong(node.source(), fmt::format("queues.{}.{} must be {}", queue.name, name, found->allowed()));
    queue.values.emplace_back(*found,
                              ConfigFile::Value{.texts = *std::move(texts), .place = place(node.source())});
  }
  return {};
}

/// The kind of a queue's processor.
std::expected<const processors::ProcessorKind*, std::string> read_kind(const toml::table& table,
                                                                       std::string_view queue, Kinds kinds) {
  const auto* node = table.get("processor");
  if (node == nullptr) return processors::find_kind(kinds, "simulate");
  const auto name = scalar_text(*node);
  if (!name)
    return wrong(node->source(), fmt::format("queues.{}.processor must be the name of a processor", queue));
  if (const auto* kind = processors::find_kind(kinds, *name)) return kind;
  std::string names;
  for (const auto& kind : kinds) names.append(names.empty() ? "" : ", ").append(kind.name);
  return Error(fmt::format("queues.{}.processor: \"{}\" ({}) is not allowed: {}", queue, shown(*name),
                           place(node->source()), names));
}

std::expected<void, std::string> read_queues(const toml::node& node, Kinds kinds, ConfigFile& file) {
  const auto* table = node.as_table();
  if (table == nullptr) return wrong(node.source(), "queues must be tables, as [queues.NAME]");
  for (const auto& [key, queue_node] : *table) {
    const std::string name(key.str());
    if (const auto fault = queue_name_fault(name); !fault.empty()) return wrong(key.source(), fault);
    const auto* queue_table = queue_node.as_table();
    if (queue_table == nullptr)
      return wrong(queue_node.source(), fmt::format("queues.{} must be a table, as [queues.{}]", name, name));
    const auto kind = read_kind(*queue_table, name, kinds);
    if (!kind) return std::unexpected(kind.error());
    auto& queue = file.queues.emplace_back(ConfigFile::Queue{.name = name, .kind = *kind, .values = {}});
    if (auto read = read_keys(*queue_table, "", known_keys(kinds, **kind), queue); !read) return read;
  }
  return {};
}

std::expected<ConfigFile, std::string> read_document(const toml::table& document, Kinds kinds) {
  ConfigFile file;
  for (const auto& [key, node] : document) {
    if (key.str() == "queues") {
      if (auto read = read_queues(node, kinds, file); !read) return std::unexpected(read.error());
      continue;
    }
    const auto setting = std::ranges::find(settings(), key.str(), &Setting::file_key);
    if (setting == settings().end() || setting->name == "CONFIG")
      return wrong(key.source(),
                   fmt::format("there is no setting \"{}\"; see jobqd --help", shown(key.str())));
    auto text = scalar_text(node);
    if (!text) return wrong(node.source(), fmt::format("{} must be a string or a number", key.str()));
    file.settings.emplace_back(&*setting,
                               ConfigFile::Value{.texts = {*std::move(text)}, .place = place(node.source())});
  }
  return file;
}

}  // namespace

std::string shown(std::string_view text) {
  std::string plain;
  for (const char c : text.substr(0, 200)) {
    plain += base::is_control(c) ? fmt::format("\\x{:02x}", c) : std::string(1, c);
  }
  return plain;
}

std::expected<ConfigFile, std::string> read_config_file(const std::string& path, Kinds kinds) {
  // toml++ reports neither of these two: it reads such a path as an empty file.
  const auto cannot = [&path](int error) {
    return Error(fmt::format("CONFIG: {}: {}", shown(path), std::generic_category().message(error)));
  };
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return cannot(EISDIR);
  if (::access(path.c_str(), R_OK) != 0) return cannot(errno);
  try {
    return read_document(toml::parse_file(path), kinds);
  } catch (const toml::parse_error& error) {
    return wrong(error.source(), shown(error.description()));
  }
}

}  // namespace jobqd::app
