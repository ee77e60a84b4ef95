# "http/openapi_document.hpp", made from docs/openapi.json: what GET /openapi.json answers.
set(openapi_file "${PROJECT_SOURCE_DIR}/docs/openapi.json")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${openapi_file}")
file(READ "${openapi_file}" OPENAPI)
configure_file("${PROJECT_SOURCE_DIR}/cmake/openapi.hpp.in"
               "${PROJECT_BINARY_DIR}/generated/http/openapi_document.hpp" @ONLY)
add_library(jobqd_openapi INTERFACE)
target_include_directories(jobqd_openapi INTERFACE "${PROJECT_BINARY_DIR}/generated")
