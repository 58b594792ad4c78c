# Runs PROGRAM LAW under MPIRUN (a list) with RANKS ranks; its exit code must be CODE, and its stdout and stderr
# together must match every one of TEXTS (regular expressions). Run with -D of these names.
#
# mpirun of Open MPI 4.1.4 itself crashes or hangs after 1 of 20 jobs that end without an agreement of the ranks
# (src/cluster/mpi_world.cpp); only then it is started again.
foreach(attempt RANGE 1 3)
  execute_process(COMMAND ${MPIRUN} -n ${RANKS} ${PROGRAM} ${LAW} RESULT_VARIABLE code OUTPUT_VARIABLE text
                  ERROR_VARIABLE text TIMEOUT 35)
  message(STATUS "exit code ${code}\n${text}")
  if(code MATCHES "^[0-9]+$")
    break()
  endif()
endforeach()
if(NOT code EQUAL CODE)
  message(FATAL_ERROR "exit code ${code} instead of ${CODE}")
endif()
foreach(expected IN LISTS TEXTS)
  if(NOT text MATCHES "${expected}")
    message(FATAL_ERROR "nothing matches ${expected}")
  endif()
endforeach()
