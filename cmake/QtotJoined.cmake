# For builds that are made once and thrown away (the sanitizers', the matrix's): most of their time goes into
# headers, so sources of a library that hide no common name are compiled as one. The release build compiles
# each alone and so shows that each names what it uses, and warns of names that hide others.
option(QTOT_JOINED "Compile sources of a library together where they can stand in one translation unit" OFF)
if(QTOT_JOINED)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
endif()

# qtot_join(<target>): who stands together is decided when the build is configured
function(qtot_join target)
  if(NOT QTOT_JOINED)
    return()
  endif()
  get_target_property(sources ${target} SOURCES)
  list(FILTER sources INCLUDE REGEX "^${PROJECT_SOURCE_DIR}/(src|envs)/.*\\.cpp$")
  execute_process(COMMAND ${Python3_EXECUTABLE} -B ${PROJECT_SOURCE_DIR}/cmake/joined_sources.py --groups ${sources}
                  OUTPUT_VARIABLE groups OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE "\n" ";" groups "${groups}")
  foreach(source group IN ZIP_LISTS sources groups)
    set_source_files_properties(${source} PROPERTIES UNITY_GROUP part${group})
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
endfunction()
