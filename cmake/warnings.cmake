# Left out on purpose: -Wnull-dereference, which raises false alarms inside Asio at -O2.
target_compile_options(
  jobqd_options
  INTERFACE -Wall
            -Wextra
            -Wpedantic
            -Wcast-align
            -Wcast-qual
            -Wconversion
            -Wdouble-promotion
            -Wextra-semi
            -Wformat=2
            -Wimplicit-fallthrough
            -Wnon-virtual-dtor
            -Wold-style-cast
            -Woverloaded-virtual
            -Wshadow
            -Wsign-conversion
            -Wundef
            -Wunused)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(jobqd_options INTERFACE -Wduplicated-cond -Wlogical-op)
  if(CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # GCC bug 105651: a literal + std::string is taken for an overlapping copy.
    target_compile_options(jobqd_options INTERFACE -Wno-restrict)
  endif()
endif()

if(JOBQD_WERROR)
  target_compile_options(jobqd_options INTERFACE -Werror)
endif()
