# jobqd_layer(NAME DEPENDS layers... LINK libraries...)
#
# The static library jobqd::NAME of all that lies in src/NAME. A layer without sources (headers only, or
# not written yet) is an interface library. LINK is public, because the tests see a layer's private
# headers; who may include what is the business of tests/lint/check_layers.py.
function(jobqd_layer name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPENDS;LINK")
  list(TRANSFORM arg_DEPENDS PREPEND "jobqd::")

  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/${name}/*.cpp")
  set(target jobqd_${name})
  if(sources)
    set(scope PUBLIC)
    add_library(${target} STATIC ${sources})
    target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/src")
    target_link_libraries(${target} PRIVATE jobqd_options)
  else()
    set(scope INTERFACE)
    add_library(${target} INTERFACE)
  endif()
  target_include_directories(${target} ${scope} "${PROJECT_SOURCE_DIR}/include")
  target_link_libraries(${target} ${scope} ${arg_DEPENDS} ${arg_LINK})
  add_library(jobqd::${name} ALIAS ${target})
endfunction()

# jobqd_executable(NAME SOURCE DEPENDS layers...): an executable beside the build's own files.
function(jobqd_executable name source)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "DEPENDS")
  list(TRANSFORM arg_DEPENDS PREPEND "jobqd::")

  file(GLOB found CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${source}")
  if(found)
    add_executable(${name} ${found})
    target_link_libraries(${name} PRIVATE jobqd_options ${arg_DEPENDS})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
  endif()
endfunction()
