// The keys of queues that are those of one processor.

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "app/settings/queue_settings.hpp"
#include "app/settings/values.hpp"

namespace jobqd::app {

namespace {

using Queue = QueueConfig;
using Text = std::string_view;
using Values = std::span<const std::string>;

bool is_name(const std::string& text) {
  return !text.empty() && !text.contains('=') && !text.contains('\0');
}

bool take(Values texts, std::vector<std::string>& out) {
  out.assign(texts.begin(), texts.end());
  return true;
}

bool read_program(Values texts, std::vector<std::string>& out) {
  return !texts.empty() && processors::program_fault(texts.front()).empty() && take(texts, out);
}

bool read_folder(Text text, std::string& out) {
  std::error_code ignored;
  if (!text.starts_with('/') || !std::filesystem::is_directory(text, ignored)) return false;
  out = text;
  return true;
}

bool read_codes(Values texts, std::vector<std::uint16_t>& out) {
  std::vector<std::uint16_t> codes(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i)
    if (!read_number<std::uint16_t>(texts[i], 300, 499, codes[i])) return false;
  out = std::move(codes);
  return true;
}

std::string show_codes(const std::vector<std::uint16_t>& codes) {
  return fmt::format("[{}]", fmt::join(codes, ", "));
}

/// The value of a variable, which may not be there.
std::string variable(const std::string& name) {
  return process_environment(name).value_or("");
}

/// The first line of a file, which may not be there.
std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  while (line.ends_with('\r') || line.ends_with(' ')) line.pop_back();
  return line;
}

bool read_secrets(Values names, std::string (*read)(const std::string&), SecretNames& out) {
  SecretNames secrets;
  for (const auto& name : names) {
    secrets.names.push_back(name);
    secrets.values.push_back(read(name));
    if (!processors::secret_fault(secrets.values.back()).empty()) return false;
  }
  out = std::move(secrets);
  return true;
}

std::string first_fault(Values texts, std::string (*fault)(Text)) {
  for (const auto& text : texts)
    if (auto wrong = fault(text); !wrong.empty()) return wrong;
  return {};
}

constexpr std::array<QueueSetting, 8> exec_and_simulate{{
    {"command", "a list: the absolute path of a program that can be run, and its arguments",
     [](Queue& q, Values v) { return read_program(v, q.exec.command); },
     [](const Queue& q) { return quoted(q.exec.command); }, true, "exec"},
    {"env", "a list of names of environment variables",
     [](Queue& q, Values v) { return std::ranges::all_of(v, is_name) && take(v, q.exec.env); },
     [](const Queue& q) { return quoted(q.exec.env); }, true, "exec"},
    {"working_directory", "the absolute path of a folder",
     [](Queue& q, Values v) { return read_folder(v[0], q.exec.working_directory); },
     [](const Queue& q) { return quoted(std::string_view(q.exec.working_directory)); }, false, "exec"},
    {"max_memory", "a size from 1MiB to 1024GiB",
     [](Queue& q, Values v) { return read_size(v[0], mib, 1024 * gib, q.exec.max_memory); },
     [](const Queue& q) {
       return q.exec.max_memory == 0 ? std::string{} : quoted(std::string_view(show_size(q.exec.max_memory)));
     },
     false, "exec"},
    {"max_cpu", "a duration from 1s to 24h",
     [](Queue& q, Values v) { return read_duration(v[0], 1000 * one_ms, day, q.exec.max_cpu); },
     [](const Queue& q) { return q.exec.max_cpu == zero ? std::string{} : quoted(q.exec.max_cpu); }, false,
     "exec"},
    {"simulate.min", "a duration from 0ms to 1h",
     [](Queue& q, Values v) { return read_duration(v[0], zero, hour, q.simulate.shortest); },
     [](const Queue& q) { return quoted(q.simulate.shortest); }, false, "simulate"},
    {"simulate.max", "a duration from 0ms to 1h",
     [](Queue& q, Values v) { return read_duration(v[0], zero, hour, q.simulate.longest); },
     [](const Queue& q) { return quoted(q.simulate.longest); }, false, "simulate"},
    {"simulate.failure_rate", "a number from 0 to 1",
     [](Queue& q, Values v) { return read_number<double>(v[0], 0, 1, q.simulate.failure_rate); },
     [](const Queue& q) { return fmt::format("{}", q.simulate.failure_rate); }, false, "simulate"},
}};

constexpr std::array<QueueSetting, 8> http{{
    {"url", "a URL that begins with http:// or https://",
     [](Queue& q, Values v) { return processors::url_fault(q.http.url = v[0]).empty(); },
     [](const Queue& q) { return quoted(std::string_view(q.http.url)); }, false, "http",
     [](Values v) { return processors::url_fault(v[0]); }},
    {"secret_env",
     "a list of environment variables, each of which holds whsec_ and the base64 of 24 to 64 bytes",
     [](Queue& q, Values v) { return read_secrets(v, variable, q.secret_env); },
     [](const Queue& q) { return quoted(q.secret_env.names); }, true, "http"},
    {"secret_file",
     "a list of files, the first line of each of which is whsec_ and the base64 of 24 to 64 bytes",
     [](Queue& q, Values v) { return read_secrets(v, first_line, q.secret_file); },
     [](const Queue& q) { return quoted(q.secret_file.names); }, true, "http"},
    {"allow_networks", "a list of networks such as 10.1.0.0/16 or fd00::/8",
     [](Queue& q, Values v) {
       return first_fault(v, processors::network_fault).empty() && take(v, q.http.allow_networks);
     },
     [](const Queue& q) { return quoted(q.http.allow_networks); }, true, "http",
     [](Values v) { return first_fault(v, processors::network_fault); }},
    {"retry_on", "a list of status codes from 300 to 499",
     [](Queue& q, Values v) { return read_codes(v, q.http.retry_on); },
     [](const Queue& q) { return show_codes(q.http.retry_on); }, true, "http"},
    {"connect_timeout", "a duration from 1ms to 5m",
     [](Queue& q, Values v) { return read_duration(v[0], one_ms, 300'000 * one_ms, q.http.connect_timeout); },
     [](const Queue& q) { return quoted(q.http.connect_timeout); }, false, "http"},
    {"request_timeout", "a duration from 1ms to 24h",
     [](Queue& q, Values v) { return read_duration(v[0], one_ms, day, q.http.request_timeout); },
     [](const Queue& q) { return quoted(q.http.request_timeout); }, false, "http"},
    {"ca_file", "the path of a file with certificates in PEM",
     [](Queue& q, Values v) { return processors::ca_file_fault(q.http.ca_file = v[0]).empty(); },
     [](const Queue& q) {
       return q.http.ca_file.empty() ? std::string{} : quoted(std::string_view(q.http.ca_file));
     },
     false, "http", [](Values v) { return processors::ca_file_fault(v[0]); }},
}};

}  // namespace

std::vector<QueueSetting> processor_settings() {
  std::vector<QueueSetting> all(exec_and_simulate.begin(), exec_and_simulate.end());
  all.insert(all.begin() + 5, http.begin(), http.end());
  return all;
}

}  // namespace jobqd::app
