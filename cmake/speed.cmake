# What makes the build quicker where it happens to be installed, and changes nothing else.

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Without this sloppiness ccache refuses every file that uses a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND}" -E env CCACHE_SLOPPINESS=pch_defines,time_macros "${CCACHE}")
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(jobqd_options INTERFACE -fpch-preprocess)  # ccache asks for it
endif()

include(CheckLinkerFlag)
foreach(linker mold lld)
  check_linker_flag(CXX -fuse-ld=${linker} JOBQD_LINKS_WITH_${linker})
  if(JOBQD_LINKS_WITH_${linker})
    target_link_options(jobqd_options INTERFACE -fuse-ld=${linker})
    break()
  endif()
endforeach()
