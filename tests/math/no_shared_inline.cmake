# Fails when an object of an instruction-set level defines a weak function (nm's W): an inline function
# that the linker would share between levels, so that a machine might run another level's instructions.
# Weak objects (nm's V: type information, which sanitizers add) hold no instructions.
#   cmake -DNM=... "-DOBJECTS=a.o|b.o" -P no_shared_inline.cmake
string(REPLACE "|" ";" objects "${OBJECTS}")
list(FILTER objects INCLUDE REGEX "/isa/")
if(NOT objects)
  message(FATAL_ERROR "no objects of instruction-set levels among: ${OBJECTS}")
endif()
foreach(object IN LISTS objects)
  execute_process(COMMAND ${NM} --defined-only ${object} OUTPUT_VARIABLE symbols
                  COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "[^\n]* W [^\n]*" weak "${symbols}")
  list(FILTER weak EXCLUDE REGEX "[ _](asan|ubsan|tsan)")
  if(weak)
    message(SEND_ERROR "${object} defines weak functions: ${weak}")
  endif()
endforeach()
