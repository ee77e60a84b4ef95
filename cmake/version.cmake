# "app/version.hpp", made from the version of project(): only who includes it is compiled again.
configure_file("${PROJECT_SOURCE_DIR}/cmake/version.hpp.in"
               "${PROJECT_BINARY_DIR}/generated/app/version.hpp" @ONLY)
add_library(jobqd_version INTERFACE)
target_include_directories(jobqd_version INTERFACE "${PROJECT_BINARY_DIR}/generated")
