# What other languages reach qtot by: the shared library qtot_c with the header qtot/capi/qtot.h, and the
# Python package.

# ---- C: one library that shows the functions of its header and nothing else
qtot_allowed_layers(capi_layers capi)
list(TRANSFORM capi_layers PREPEND qtot::)
file(GLOB capi_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/capi/*.cpp)
set(exports ${PROJECT_SOURCE_DIR}/src/capi/exports.map)
add_library(qtot_c SHARED ${capi_sources})
target_include_directories(qtot_c PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_BINARY_DIR}/include
                                  PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>)
target_link_libraries(qtot_c PRIVATE qtot::flags ${capi_layers} nlohmann_json::nlohmann_json)
target_link_options(qtot_c PRIVATE -Wl,--version-script=${exports})
set_target_properties(qtot_c PROPERTIES
  VERSION 1.0.0 SOVERSION 1  # QTOT_ABI_VERSION, not the project's version
  CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON LINK_DEPENDS ${exports})

# ---- Python, where it is with NumPy and pybind11. Not in sanitizer builds: the interpreter would have to
# be started with the sanitizer's library preloaded.
if(QTOT_SANITIZE OR CMAKE_CROSSCOMPILING)
  return()
endif()
if(NOT DEFINED Python_EXECUTABLE)  # Debian's, which has NumPy, before one that merely comes first in PATH
  execute_process(COMMAND /usr/bin/python3 -c "import numpy" RESULT_VARIABLE result
                  OUTPUT_QUIET ERROR_QUIET)
  if(result EQUAL 0)
    set(Python_EXECUTABLE /usr/bin/python3)
  endif()
endif()
find_package(Python 3.9 COMPONENTS Interpreter Development.Module QUIET)
set(PYBIND11_FINDPYTHON ON)
find_package(pybind11 2.10 CONFIG QUIET)
if(Python_FOUND AND pybind11_FOUND)
  set(has_python ON)
else()
  set(has_python OFF)
endif()
option(QTOT_PYTHON "Build the Python package (needs Python, NumPy and pybind11)" ${has_python})
if(NOT QTOT_PYTHON)
  return()
endif()
if(NOT has_python)
  message(FATAL_ERROR "QTOT_PYTHON is ON, but Python with its headers, or pybind11, was not found.")
endif()

# ${PROJECT_BINARY_DIR}/python can be put on PYTHONPATH as it is
set(package ${PROJECT_BINARY_DIR}/python/qtot)
qtot_allowed_layers(python_layers python)
list(TRANSFORM python_layers PREPEND qtot::)
file(GLOB python_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/python/src/*.cpp)
python_add_library(qtot_python MODULE WITH_SOABI ${python_sources})
target_include_directories(qtot_python PRIVATE ${PROJECT_BINARY_DIR}/include)
target_link_libraries(qtot_python PRIVATE qtot::flags ${python_layers} pybind11::headers
                                          nlohmann_json::nlohmann_json)
target_compile_features(qtot_python PRIVATE cxx_std_20)
target_link_options(qtot_python PRIVATE -Wl,--exclude-libs,ALL)
set_target_properties(qtot_python PROPERTIES OUTPUT_NAME _core LIBRARY_OUTPUT_DIRECTORY ${package}
                                             CXX_VISIBILITY_PRESET hidden)
file(GLOB python_files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/python/qtot/*.py)
add_custom_target(qtot_python_files
  COMMAND ${CMAKE_COMMAND} -E make_directory ${package}
  COMMAND ${CMAKE_COMMAND} -E copy_if_different ${python_files} ${package})
add_dependencies(qtot_python qtot_python_files)
