#pragma once

#include <filesystem>
#include <map>
#include <string>

/// The public suites of test cases, which are not part of this repository. They lie in ../shared/suites
/// beside the project, or where the environment variable JOBQD_SUITES says.
namespace jobqd::support {

/// The file of a suite; it may not be there.
[[nodiscard]] std::filesystem::path suite_file(const std::string& name);

/// What a file that is compressed with gzip holds. Throws when it cannot be read.
[[nodiscard]] std::string unzipped(const std::filesystem::path& file);

/// The files of a tar archive that is compressed with gzip, by their names without folders. Throws as
/// unzipped().
[[nodiscard]] std::map<std::string, std::string> untarred(const std::filesystem::path& file);

}  // namespace jobqd::support

/// Ends the test, and says so, where the suite is not there.
#define JOBQD_SKIP_WITHOUT_SUITE(name)                                                                \
  do {                                                                                                \
    if (const auto missing = ::jobqd::support::suite_file(name); !std::filesystem::exists(missing))   \
      GTEST_SKIP() << "there is no " << missing << "; JOBQD_SUITES says where the public suites are"; \
  } while (false)
