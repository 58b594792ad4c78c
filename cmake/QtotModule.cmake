set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/layers.txt)

# qtot_allowed_layers(<variable> <module>): what the line of the module in docs/layers.txt names.
function(qtot_allowed_layers variable name)
  file(STRINGS ${PROJECT_SOURCE_DIR}/docs/layers.txt line REGEX "^${name}:")
  if(NOT line)
    message(FATAL_ERROR "qtot module '${name}' has no line in docs/layers.txt.")
  endif()
  string(REGEX REPLACE "^[^:]*:[ ]*" "" line "${line}")
  string(REGEX REPLACE "[ ]+" ";" line "${line}")
  set(${variable} ${line} PARENT_SCOPE)
endfunction()

# qtot_module(<name> [DEPENDS module ...] [EXTERNAL target ...] [INTERNAL target ...])
#
# One library of the one-way order in docs/layers.txt. Headers lie in include/qtot/<name>, sources
# in src/<name>/*.cpp. DEPENDS may only name modules declared above, so that a cycle cannot be written,
# and only what the module's line in that table allows.
function(qtot_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;EXTERNAL;INTERNAL" ${ARGN})
  qtot_allowed_layers(allowed ${name})
  foreach(dep IN LISTS ARG_DEPENDS)
    if(NOT dep IN_LIST allowed)
      message(FATAL_ERROR "qtot module '${name}' depends on '${dep}', which its line in "
                          "docs/layers.txt does not name.")
    endif()
    if(NOT TARGET qtot_${dep})
      message(FATAL_ERROR "qtot module '${name}' depends on '${dep}', which is not declared above "
                          "it. Modules depend downwards only; see docs/layers.txt.")
    endif()
  endforeach()

  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  list(APPEND sources ${ARG_SOURCES})
  if(sources)
    add_library(qtot_${name} STATIC ${sources})
    qtot_join(qtot_${name})
    set(scope PUBLIC)
    target_link_libraries(qtot_${name} PRIVATE $<BUILD_INTERFACE:qtot::flags>)
    target_include_directories(qtot_${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
    if(math IN_LIST ARG_DEPENDS)  # hence Eigen and the wide scalar
      target_precompile_headers(qtot_${name} REUSE_FROM qtot_precompiled)
    endif()
    foreach(target IN LISTS ARG_INTERNAL)  # seen by no header of ours
      get_target_property(type ${target} TYPE)
      if(type STREQUAL "INTERFACE_LIBRARY")  # headers alone: an installed qtot has no use for them
        set(target $<BUILD_INTERFACE:${target}>)
      endif()
      target_link_libraries(qtot_${name} PRIVATE ${target})
    endforeach()
  else()
    add_library(qtot_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(qtot::${name} ALIAS qtot_${name})
  set_target_properties(qtot_${name} PROPERTIES EXPORT_NAME ${name})

  list(TRANSFORM ARG_DEPENDS PREPEND qtot::)
  target_link_libraries(qtot_${name} ${scope} ${ARG_DEPENDS} ${ARG_EXTERNAL})
  target_compile_features(qtot_${name} ${scope} cxx_std_20)
  target_include_directories(qtot_${name} ${scope}
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  set_property(GLOBAL APPEND PROPERTY QTOT_MODULES qtot_${name})
endfunction()

# The flags the numbers depend on, and warnings. PRIVATE to every qtot target: a consumer's own
# flags are its own business, ours never leak.
add_library(qtot_flags INTERFACE)
add_library(qtot::flags ALIAS qtot_flags)
target_compile_options(qtot_flags INTERFACE
  -ffp-contract=off -fno-fast-math           # the bits: no silent FMA, IEEE or nothing
  -fno-math-errno -fno-trapping-math         # bit-neutral, and GCC vectorises only with them
  -fno-semantic-interposition                # code for shared libraries that inlines like any other
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
  $<$<CXX_COMPILER_ID:Clang>:-Wno-pass-failed>  # a loop that a sanitizer keeps scalar is no error
  # GCC 12 sees overlaps in "x" + std::string (PR105329), and others where it forgets that a precompiled
  # header is the system's
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict;-Wno-array-bounds;-Wno-stringop-overflow>)
if(QTOT_JOINED)  # names of one source may hide those of another, and its own types come by an include
  target_compile_options(qtot_flags INTERFACE -Wno-shadow $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endif()
if(QTOT_SANITIZE)
  target_compile_options(qtot_flags INTERFACE -fsanitize=${QTOT_SANITIZE} -fno-omit-frame-pointer -g1)
  target_link_options(qtot_flags INTERFACE -fsanitize=${QTOT_SANITIZE})
endif()

# qtot_read_def(<variable> <file> <macro>): the names in the lines `macro(name)` of a .def file. The
# same file is included by C++, so that one line registers a part with both.
function(qtot_read_def variable file macro)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(STRINGS ${file} lines REGEX "^${macro}\\(")
  list(TRANSFORM lines REPLACE "^${macro}\\(([a-z0-9_]+)\\).*$" "\\1")
  set(${variable} ${lines} PARENT_SCOPE)
endfunction()

# qtot_tests(<module> [LINK target ...] [SOURCES file.cpp ...] [WITHOUT file.cpp ...]
#            [LABELS label ...] [COST n]):
# tests/<module>/*_test.cpp less the files of WITHOUT, and the further files, as one program, known to
# CTest under the label <module>, or <module>-<label>-... . Those of a higher COST start first, so that no
# core idles at the end.
function(qtot_tests name)
  cmake_parse_arguments(ARG "" "COST" "LINK;SOURCES;WITHOUT;LABELS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${name}/*_test.cpp)
  list(TRANSFORM ARG_WITHOUT PREPEND ${PROJECT_SOURCE_DIR}/tests/${name}/)
  list(REMOVE_ITEM sources ${ARG_WITHOUT})
  list(APPEND sources ${ARG_SOURCES})
  if(NOT sources)
    return()
  endif()
  add_executable(qtot_${name}_test ${sources})
  target_link_libraries(qtot_${name}_test PRIVATE qtot::flags qtot::test_support GTest::gmock
                        GTest::gtest_main ${ARG_LINK})
  qtot_precompiled_tests(qtot_${name}_test)
  if(TARGET qtot_${name})
    target_link_libraries(qtot_${name}_test PRIVATE qtot::${name})
  endif()
  # one label, joined: `ctest -L` takes a regular expression, and a list is lost on its way
  list(JOIN ARG_LABELS "-" labels)
  if(NOT ARG_COST)
    set(ARG_COST 0)
  endif()
  if(labels)
    string(PREPEND labels "${name}-")
  else()
    set(labels ${name})
  endif()
  gtest_discover_tests(qtot_${name}_test TEST_PREFIX ${name}. DISCOVERY_TIMEOUT 60
                       PROPERTIES LABELS "${labels}" COST ${ARG_COST})
endfunction()
