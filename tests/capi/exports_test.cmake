# The shared library shows what its header declares and nothing else. Run with -DNM= -DLIBRARY= -DHEADER=.
file(READ ${HEADER} header)
string(REGEX MATCHALL "QTOT_API [^(;]*[ *]qtot_[a-z_]+\\(" declarations "${header}")
list(TRANSFORM declarations REPLACE ".*[ *](qtot_[a-z_]+)\\(" "\\1")
list(SORT declarations)

execute_process(COMMAND ${NM} -D --defined-only --extern-only ${LIBRARY} OUTPUT_VARIABLE symbols
                COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^\n]+" symbols "${symbols}")
list(FILTER symbols EXCLUDE REGEX " A QTOT_1(@.*)?$")  # the version's own name
list(TRANSFORM symbols REPLACE "^[0-9a-f]* . ([^@]+).*$" "\\1")
list(SORT symbols)

list(LENGTH declarations n_declarations)
if(n_declarations LESS 15 OR NOT declarations STREQUAL symbols)
  message(FATAL_ERROR "declared: ${declarations}\nexported: ${symbols}")
endif()
