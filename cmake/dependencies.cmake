set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(Boost 1.81 REQUIRED CONFIG COMPONENTS url)
find_package(OpenSSL 3 REQUIRED)

# A spdlog with a copy of fmt of its own would define fmt's functions a second time. Debian and Ubuntu have none.
if(NOT SPDLOG_FMT_EXTERNAL)
  message(FATAL_ERROR "this spdlog is not built with the system's fmt (SPDLOG_FMT_EXTERNAL)")
endif()

# Beast and Asio are heavy: their bodies are compiled once, for all who use them.
add_library(jobqd_beast STATIC cmake/beast.cpp)
target_link_libraries(
  jobqd_beast
  PUBLIC Boost::headers Boost::url OpenSSL::SSL Threads::Threads
  PRIVATE jobqd_options)
target_compile_definitions(
  jobqd_beast PUBLIC BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
                     BOOST_BEAST_SEPARATE_COMPILATION)

# xxHash brings no CMake package.
find_path(XXHASH_INCLUDE_DIR xxhash.h REQUIRED)
find_library(XXHASH_LIBRARY xxhash REQUIRED)
add_library(xxhash::xxhash UNKNOWN IMPORTED)
set_target_properties(xxhash::xxhash PROPERTIES IMPORTED_LOCATION "${XXHASH_LIBRARY}"
                                                INTERFACE_INCLUDE_DIRECTORIES "${XXHASH_INCLUDE_DIR}")

# Only the core of prometheus-cpp: its own package file asks for the libraries of its HTTP server and client too.
find_path(PROMETHEUS_INCLUDE_DIR prometheus/text_serializer.h REQUIRED)
find_library(PROMETHEUS_CORE_LIBRARY prometheus-cpp-core REQUIRED)
add_library(prometheus::core UNKNOWN IMPORTED)
set_target_properties(
  prometheus::core PROPERTIES IMPORTED_LOCATION "${PROMETHEUS_CORE_LIBRARY}"
                              INTERFACE_INCLUDE_DIRECTORIES "${PROMETHEUS_INCLUDE_DIR}")
