# Headers of other projects that most sources read and that take a compiler seconds: read once for the
# libraries and once for the tests, whose position-independent code is of two kinds. No header of ours
# is among them, and cmake/tidy.sh compiles without them, so that each source still names what it uses.

set(qtot_slow_headers <Eigen/Core>)
if(NOT QTOT_CORE_ONLY)
  list(APPEND qtot_slow_headers <boost/multiprecision/cpp_bin_float.hpp> <nlohmann/json.hpp>)
endif()
get_target_property(qtot_slow_includes Eigen3::Eigen INTERFACE_INCLUDE_DIRECTORIES)

# The compilers want the same flags in all that share: whoever compiles with others does not take part.
add_library(qtot_precompiled OBJECT ${PROJECT_SOURCE_DIR}/cmake/precompiled.cpp)
target_link_libraries(qtot_precompiled PRIVATE qtot::flags)
target_include_directories(qtot_precompiled SYSTEM PRIVATE ${qtot_slow_includes})
target_compile_features(qtot_precompiled PRIVATE cxx_std_20)
target_precompile_headers(qtot_precompiled PRIVATE ${qtot_slow_headers})

# qtot_precompiled_tests(<target>): shares the headers among the test programs
function(qtot_precompiled_tests target)
  if(NOT TARGET qtot_precompiled_for_tests)
    add_executable(qtot_precompiled_for_tests EXCLUDE_FROM_ALL
                   ${PROJECT_SOURCE_DIR}/cmake/precompiled.cpp)
    target_link_libraries(qtot_precompiled_for_tests PRIVATE qtot::flags GTest::gmock)
    target_include_directories(qtot_precompiled_for_tests SYSTEM PRIVATE ${qtot_slow_includes})
    target_compile_features(qtot_precompiled_for_tests PRIVATE cxx_std_20)
    target_precompile_headers(qtot_precompiled_for_tests PRIVATE ${qtot_slow_headers}
                              <gmock/gmock.h> <gtest/gtest.h>)
  endif()
  target_precompile_headers(${target} REUSE_FROM qtot_precompiled_for_tests)
endfunction()
