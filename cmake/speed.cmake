# Tools that make the build quicker where they are installed, and change nothing else.

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Without this sloppiness ccache refuses every file that uses a precompiled header. With the other two, copies of
  # the project in several folders share what they have compiled; hardening.cmake keeps the folder out of the result.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND}" -E env CCACHE_SLOPPINESS=pch_defines,time_macros
      "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_NOHASHDIR=1 "${CCACHE}")
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(jobqd_options INTERFACE -fpch-preprocess)  # ccache needs it
endif()

include(CheckLinkerFlag)
foreach(linker mold lld)
  check_linker_flag(CXX -fuse-ld=${linker} JOBQD_LINKS_WITH_${linker})
  if(JOBQD_LINKS_WITH_${linker})
    target_link_options(jobqd_options INTERFACE -fuse-ld=${linker})
    break()
  endif()
endforeach()
