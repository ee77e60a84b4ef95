#include "app/settings/config_file.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>
#include <toml++/toml.h>
#include <unistd.h>

namespace jobqd::app {

namespace {

using Error = std::unexpected<std::string>;

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

/// What is of another kind than the setting takes is none.
std::optional<std::vector<std::string>> texts_for(const QueueSetting& setting, const toml::node& node) {
  if (setting.list) return list_texts(node);
  auto text = scalar_text(node);
  if (!text) return std::nullopt;
  return std::vector{*std::move(text)};
}

std::expected<void, std::string> read_queue(const toml::table& table, const std::string& prefix,
                                            ConfigFile::Queue& queue) {
  for (const auto& [key, node] : table) {
    const auto name = prefix + std::string(key.str());
    const auto setting = std::ranges::find(queue_settings(), name, &QueueSetting::key);
    const bool has_keys_below = std::ranges::any_of(
        queue_settings(), [&](const QueueSetting& other) { return other.key.starts_with(name + "."); });
    if (const auto* below = node.as_table(); below != nullptr && has_keys_below) {
      if (auto read = read_queue(*below, name + ".", queue); !read) return read;
      continue;
    }
    if (setting == queue_settings().end())
      return wrong(key.source(),
                   fmt::format("a queue has no setting \"{}\"; see docs/operations.md", shown(name)));
    auto texts = texts_for(*setting, node);
    if (!texts)
      return wrong(node.source(), fmt::format("queues.{}.{} must be {}", queue.name, name, setting->allowed));
    queue.values.emplace_back(&*setting,
                              ConfigFile::Value{.texts = *std::move(texts), .place = place(node.source())});
  }
  return {};
}

std::expected<void, std::string> read_queues(const toml::node& node, ConfigFile& file) {
  const auto* table = node.as_table();
  if (table == nullptr) return wrong(node.source(), "queues must be tables, as [queues.NAME]");
  for (const auto& [key, queue_node] : *table) {
    if (const auto fault = queue_name_fault(key.str()); !fault.empty()) return wrong(key.source(), fault);
    const auto* queue_table = queue_node.as_table();
    if (queue_table == nullptr)
      return wrong(queue_node.source(),
                   fmt::format("queues.{} must be a table, as [queues.{}]", key.str(), key.str()));
    auto& queue = file.queues.emplace_back(ConfigFile::Queue{.name = std::string(key.str()), .values = {}});
    if (auto read = read_queue(*queue_table, "", queue); !read) return read;
  }
  return {};
}

std::expected<ConfigFile, std::string> read_document(const toml::table& document) {
  ConfigFile file;
  for (const auto& [key, node] : document) {
    if (key.str() == "queues") {
      if (auto read = read_queues(node, file); !read) return std::unexpected(read.error());
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
    const auto byte = static_cast<unsigned char>(c);
    plain += byte < 0x20 || byte == 0x7F ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
  }
  return plain;
}

std::expected<ConfigFile, std::string> read_config_file(const std::string& path) {
  // What toml++ does not say, or reads as an empty file.
  const auto cannot = [&path](int error) {
    return Error(fmt::format("CONFIG: {}: {}", shown(path), std::generic_category().message(error)));
  };
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return cannot(EISDIR);
  if (::access(path.c_str(), R_OK) != 0) return cannot(errno);
  try {
    return read_document(toml::parse_file(path));
  } catch (const toml::parse_error& error) {
    return wrong(error.source(), shown(error.description()));
  }
}

}  // namespace jobqd::app
