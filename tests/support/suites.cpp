#include "support/suites.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

namespace jobqd::support {

namespace {

constexpr std::size_t tar_block = 512;

/// A number in the header of a tar entry, written in octal digits.
std::size_t octal(std::string_view field) {
  std::size_t number = 0;
  field.remove_prefix(std::min(field.find_first_not_of(' '), field.size()));
  std::from_chars(field.data(), field.data() + field.size(), number, 8);
  return number;
}

std::string_view until_nul(std::string_view field) {
  return field.substr(0, field.find('\0'));
}

}  // namespace

std::filesystem::path case_file(const std::string& name) {
  return std::filesystem::path(JOBQD_PROJECT_DIR "/tests/cases") / name;
}

std::filesystem::path suite_file(const std::string& name) {
  const char* folder = std::getenv("JOBQD_SUITES");
  return std::filesystem::path(folder != nullptr ? folder : JOBQD_PROJECT_DIR "/../shared/suites") / name;
}

std::string unzipped(const std::filesystem::path& file) {
  const auto command = "gzip -dc '" + file.string() + "'";
  std::FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot run gzip");
  std::string content;
  std::array<char, 65536> buffer{};
  while (const auto bytes = std::fread(buffer.data(), 1, buffer.size(), pipe))
    content.append(buffer.data(), bytes);
  if (pclose(pipe) != 0) throw std::runtime_error("gzip failed on " + file.string());
  return content;
}

std::map<std::string, std::string> untarred(const std::filesystem::path& file) {
  const auto archive = unzipped(file);
  std::map<std::string, std::string> files;
  std::size_t at = 0;
  while (at + tar_block <= archive.size() &&
         archive[at] != '\0') {  // POSIX.1 ustar: name, size and type at these places
    const auto head = std::string_view(archive).substr(at, tar_block);
    const auto size = octal(head.substr(124, 12));
    const std::filesystem::path path(until_nul(head.substr(0, 100)));
    if (head[156] == '0' || head[156] == '\0') files[path.filename()] = archive.substr(at + tar_block, size);
    at += tar_block + (size + tar_block - 1) / tar_block * tar_block;
  }
  return files;
}

}  // namespace jobqd::support
