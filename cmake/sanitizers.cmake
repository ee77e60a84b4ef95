if(JOBQD_FUZZ)
  # What libFuzzer looks at to see which inputs reach new code.
  target_compile_options(jobqd_options INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(jobqd_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

if(JOBQD_SANITIZE)
  target_compile_options(jobqd_options INTERFACE -fsanitize=${JOBQD_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(jobqd_options INTERFACE -fsanitize=${JOBQD_SANITIZE})

  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Instrumented code confuses GCC's flow analysis.
    target_compile_options(jobqd_options INTERFACE -Wno-maybe-uninitialized)
    if(JOBQD_SANITIZE MATCHES "thread")
      # ThreadSanitizer does not see Asio's fences; Asio guards what it hands over by mutexes too.
      target_compile_options(jobqd_options INTERFACE -Wno-tsan)
    endif()
  endif()
endif()
