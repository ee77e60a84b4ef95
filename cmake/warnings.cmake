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
    # GCC 12 raises false alarms about a literal + std::string (its bug 105651) and about the members of
    # variants and optionals at -O2. The sanitizers find the true ones.
    target_compile_options(jobqd_options INTERFACE -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow
                                                   -Wno-stringop-overread)
  endif()
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # The annotations of <jobqd/base/mutex.hpp>. What they find is a race, so it is an error in every build.
  target_compile_options(jobqd_options INTERFACE -Wthread-safety -Wthread-safety-beta -Werror=thread-safety
                                                 -Werror=thread-safety-beta)
endif()

if(JOBQD_WERROR)
  target_compile_options(jobqd_options INTERFACE -Werror)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # What these see depends on the optimiser's mood and so on the version: shown, but no errors.
    target_compile_options(
      jobqd_options INTERFACE -Wno-error=array-bounds -Wno-error=maybe-uninitialized
                              -Wno-error=stringop-overflow -Wno-error=stringop-overread)
  endif()
endif()
