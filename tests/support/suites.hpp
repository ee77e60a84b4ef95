#pragma once

#include <filesystem>
#include <map>
#include <string>

/// Files of test cases. The project's own are in tests/cases, one case for each rule, and always present. The
/// public suites have many more cases but are not part of this repository: they are read from the folder that
/// the environment variable JOBQD_SUITES names, or else from ../shared/suites beside the project, if it
/// exists.
namespace jobqd::support {

/// A file of the project's own cases.
[[nodiscard]] std::filesystem::path case_file(const std::string& name);

/// A file of the public suites; it may not exist.
[[nodiscard]] std::filesystem::path suite_file(const std::string& name);

/// The content of a file that is compressed with gzip. Throws when it cannot be read.
[[nodiscard]] std::string unzipped(const std::filesystem::path& file);

/// The files of a tar archive that is compressed with gzip, by their names without folders. Throws when it
/// cannot be read.
[[nodiscard]] std::map<std::string, std::string> untarred(const std::filesystem::path& file);

}  // namespace jobqd::support

/// Skips the rest of the test, with a message, if the suite is missing.
#define JOBQD_SKIP_WITHOUT_SUITE(name)                                                                \
  do {                                                                                                \
    if (const auto missing = ::jobqd::support::suite_file(name); !std::filesystem::exists(missing))   \
      GTEST_SKIP() << "there is no " << missing << "; JOBQD_SUITES says where the public suites are"; \
  } while (false)
