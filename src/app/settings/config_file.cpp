#include "app/settings/config_file.hpp"

#include <algorithm>
#include <expected>
#include <utility>

#include <fmt/format.h>
#include <toml++/toml.h>

#include <jobqd/base/characters.hpp>
#include <jobqd/base/size.hpp>
#include <jobqd/base/small_file.hpp>

namespace jobqd::app {

namespace {

using Kinds = std::span<const processors::ProcessorKind>;

std::string place(const toml::source_region& region) {
  return fmt::format("{}:{}:{}", shown(region.path ? *region.path : ""), region.begin.line,
                     region.begin.column);
}

std::string wrong(const toml::source_region& region, std::string_view what) {
  return fmt::format("CONFIG: {}: {}", place(region), what);
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

void read_keys(const toml::table& table, const std::string& prefix, std::span<const QueueKey> known,
               ConfigFile::Queue& queue, Faults& faults) {
  const auto refuse = [&](const toml::source_region& region, const std::string& what) {
    faults.push_back(wrong(region, what));
    queue.is_complete = false;
  };
  for (const auto& [key, node] : table) {
    const auto name = prefix + std::string(key.str());
    if (name == "processor") continue;
    auto found = std::ranges::find(known, name, &QueueKey::name);
    if (found == known.end() && !name.empty()) found = std::ranges::find(known, name, &QueueKey::short_form);
    const bool has_keys_below = std::ranges::any_of(
        known, [&](const QueueKey& other) { return other.name().starts_with(name + "."); });
    if (const auto* below = node.as_table(); below != nullptr && has_keys_below) {
      read_keys(*below, name + ".", known, queue, faults);
      continue;
    }
    if (found == known.end()) {
      refuse(key.source(), fmt::format("a queue has no setting \"{}\"; see docs/operations.md", shown(name)));
      continue;
    }
    if (auto texts = texts_for(*found, node))
      queue.values.emplace_back(*found,
                                ConfigFile::Value{.texts = *std::move(texts), .place = place(node.source())});
    else
      refuse(node.source(), fmt::format("queues.{}.{} must be {}", queue.name, name, found->allowed()));
  }
}

/// The kind of a queue's processor. The error is a fault.
std::expected<const processors::ProcessorKind*, std::string> read_kind(const toml::table& table,
                                                                       std::string_view queue, Kinds kinds) {
  const auto* node = table.get("processor");
  if (node == nullptr) return processors::find_kind(kinds, "simulate");
  const auto name = scalar_text(*node);
  if (!name)
    return std::unexpected(
        wrong(node->source(), fmt::format("queues.{}.processor must be the name of a processor", queue)));
  if (const auto* kind = processors::find_kind(kinds, *name)) return kind;
  std::string names;
  for (const auto& kind : kinds) names.append(names.empty() ? "" : ", ").append(kind.name);
  return std::unexpected(fmt::format("queues.{}.processor: \"{}\" ({}) is not allowed: {}", queue,
                                     shown(*name), place(node->source()), names));
}

void read_queue(const std::string& name, const toml::table& table, Kinds kinds, ConfigFile& file,
                Faults& faults) {
  const auto kind = read_kind(table, name, kinds);
  if (!kind) return faults.push_back(kind.error());
  auto& queue = file.queues.emplace_back(ConfigFile::Queue{.name = name, .kind = *kind, .values = {}});
  read_keys(table, "", known_keys(kinds, **kind), queue, faults);
}

void read_queues(const toml::node& node, Kinds kinds, ConfigFile& file, Faults& faults) {
  const auto* table = node.as_table();
  if (table == nullptr)
    return faults.push_back(wrong(node.source(), "queues must be tables, as [queues.NAME]"));
  for (const auto& [key, queue_node] : *table) {
    const std::string name(key.str());
    if (const auto fault = queue_name_fault(name); !fault.empty())
      faults.push_back(wrong(key.source(), fault));
    else if (const auto* queue = queue_node.as_table())
      read_queue(name, *queue, kinds, file, faults);
    else
      faults.push_back(
          wrong(queue_node.source(), fmt::format("queues.{} must be a table, as [queues.{}]", name, name)));
  }
}

ConfigFile read_document(const toml::table& document, Kinds kinds, Faults& faults) {
  ConfigFile file;
  const auto refuse = [&](const toml::source_region& region, const std::string& what) {
    faults.push_back(wrong(region, what));
    file.is_complete = false;
  };
  for (const auto& [key, node] : document) {
    if (key.str() == "queues") {
      read_queues(node, kinds, file, faults);
      continue;
    }
    const auto setting = std::ranges::find(settings(), key.str(), &Setting::file_key);
    if (setting == settings().end() || setting->name == "CONFIG")
      refuse(key.source(), fmt::format("there is no setting \"{}\"; see jobqd --help", shown(key.str())));
    else if (auto text = scalar_text(node))
      file.settings.emplace_back(
          &*setting, ConfigFile::Value{.texts = {*std::move(text)}, .place = place(node.source())});
    else
      refuse(node.source(), fmt::format("{} must be a string or a number", key.str()));
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

ConfigFile read_config_file(const std::string& path, Kinds kinds, Faults& faults) {
  const auto unreadable = [&faults](std::string why) {
    faults.push_back(std::move(why));
    return ConfigFile{.settings = {}, .queues = {}, .is_complete = false};
  };
  // Not toml::parse_file(): it would wait for the writer of a FIFO, and takes a folder for an empty file.
  constexpr std::size_t most = 16 * base::mib;
  const auto text = base::read_small_file(path, most);
  if (!text) return unreadable(fmt::format("CONFIG: {}: {}", shown(path), text.error()));
  try {
    return read_document(toml::parse(*text, path), kinds, faults);
  } catch (const toml::parse_error& error) {
    return unreadable(wrong(error.source(), shown(error.description())));
  }
}

}  // namespace jobqd::app
