# Runs PROGRAM LAW under MPIRUN (a list) with RANKS ranks; its exit code must be CODE, and its stdout and stderr
# together must match every one of TEXTS (regular expressions). Run with -D of these names.
execute_process(COMMAND ${MPIRUN} -n ${RANKS} ${PROGRAM} ${LAW} RESULT_VARIABLE code OUTPUT_VARIABLE text
                ERROR_VARIABLE text)
message(STATUS "exit code ${code}\n${text}")
if(NOT code EQUAL CODE)
  message(FATAL_ERROR "exit code ${code} instead of ${CODE}")
endif()
foreach(expected IN LISTS TEXTS)
  if(NOT text MATCHES "${expected}")
    message(FATAL_ERROR "nothing matches ${expected}")
  endif()
endforeach()
