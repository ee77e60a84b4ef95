if(JOBQD_SANITIZE)
  target_compile_options(jobqd_options INTERFACE -fsanitize=${JOBQD_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(jobqd_options INTERFACE -fsanitize=${JOBQD_SANITIZE})

  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Instrumented code confuses GCC's flow analysis.
    target_compile_options(jobqd_options INTERFACE -Wno-maybe-uninitialized)
    if(JOBQD_SANITIZE MATCHES "thread")
      # Asio's fences, which ThreadSanitizer does not see; what Asio hands over it guards by mutexes besides.
      target_compile_options(jobqd_options INTERFACE -Wno-tsan)
    endif()
  endif()
endif()
