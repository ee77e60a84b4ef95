# Checks of the standard library's preconditions cost little and hold in every build.
target_compile_definitions(jobqd_options INTERFACE _GLIBCXX_ASSERTIONS)

# Said here and not through POSITION_INDEPENDENT_CODE, which would compile libraries with -fPIC: there is
# no shared library, and programs and libraries alike can then use one precompiled header.
target_compile_options(jobqd_options INTERFACE -fPIE)
target_link_options(jobqd_options INTERFACE -pie)

# The same source gives the same binary, wherever it was checked out.
target_compile_options(jobqd_options INTERFACE "-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=")

# _FORTIFY_SOURCE needs an optimised build, and the sanitizers bring their own checks.
if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo" AND NOT JOBQD_SANITIZE)
  target_compile_options(
    jobqd_options
    INTERFACE -U_FORTIFY_SOURCE # some distributions preset another level
              -D_FORTIFY_SOURCE=2
              -fstack-protector-strong
              -fstack-clash-protection)
  target_link_options(jobqd_options INTERFACE LINKER:-z,relro LINKER:-z,now LINKER:-z,noexecstack)
endif()
