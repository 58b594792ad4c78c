# Verifies ring.pml with P slots: cmake -DSPIN= -DCC= -DMODEL= -DWORK= -DP= -DSOUND=ON|OFF -P this file.
# SOUND=ON: the whole state space without an error. OFF: an assertion must be violated.
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
execute_process(COMMAND ${SPIN} -DP=${P} -a ${MODEL} WORKING_DIRECTORY ${WORK}
                COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CC} -O2 -w -DSAFETY -DCOLLAPSE -DMEMLIM=1500 -o pan pan.c
                WORKING_DIRECTORY ${WORK} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ./pan -m200000 WORKING_DIRECTORY ${WORK} OUTPUT_VARIABLE report
                COMMAND_ERROR_IS_FATAL ANY)
message("${report}")
if(report MATCHES "(Search not completed|max search depth too small|out of memory)" AND SOUND)
  message(FATAL_ERROR "spin did not visit the whole state space")
endif()
if(SOUND AND NOT report MATCHES "errors: 0")
  message(FATAL_ERROR "the ring's protocol is wrong with ${P} slots")
endif()
if(NOT SOUND AND NOT report MATCHES "assertion violated")
  message(FATAL_ERROR "with ${P} slots a writer must meet the reader, and spin did not find it")
endif()
