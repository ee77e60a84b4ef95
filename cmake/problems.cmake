# "http/problems_document.hpp", made from docs/problems.md: what GET /problems/NAME answers stands there alone.
set(problems_file "${PROJECT_SOURCE_DIR}/docs/problems.md")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${problems_file}")
file(READ "${problems_file}" PROBLEMS)
configure_file("${PROJECT_SOURCE_DIR}/cmake/problems.hpp.in"
               "${PROJECT_BINARY_DIR}/generated/http/problems_document.hpp" @ONLY)
add_library(jobqd_problems INTERFACE)
target_include_directories(jobqd_problems INTERFACE "${PROJECT_BINARY_DIR}/generated")
