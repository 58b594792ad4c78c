# Third-party packages, all from Debian 12. Each header has its room: see docs/layers.txt.
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
find_package(Threads REQUIRED)  # the ranks of a simulated cluster

# xxHash is used header-only, so that cross builds need no foreign library. Its header lies beside
# every other system header; a directory of its own keeps those out of a cross compiler's sight.
find_path(QTOT_XXHASH_DIR xxhash.h PATHS /usr/include NO_CMAKE_FIND_ROOT_PATH REQUIRED)
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/third_party)
file(COPY_FILE ${QTOT_XXHASH_DIR}/xxhash.h ${PROJECT_BINARY_DIR}/third_party/xxhash.h
     ONLY_IF_DIFFERENT)
add_library(qtot_xxhash INTERFACE)
add_library(qtot::xxhash ALIAS qtot_xxhash)
target_include_directories(qtot_xxhash SYSTEM INTERFACE
  $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/third_party>)

if(NOT QTOT_CORE_ONLY)
  find_package(TBB REQUIRED)
  find_package(Boost 1.74 REQUIRED COMPONENTS serialization)
  find_package(yaml-cpp REQUIRED)
  find_package(nlohmann_json REQUIRED)
  find_package(CLI11 REQUIRED)
  find_package(Protobuf REQUIRED)
  find_package(ZLIB REQUIRED)
  find_package(LibZip REQUIRED)

  # Many ranks need MPI; the same program is built without it, for one.
  find_package(MPI COMPONENTS CXX)
  find_package(Boost 1.74 QUIET OPTIONAL_COMPONENTS mpi)
  if(MPI_CXX_FOUND AND TARGET Boost::mpi)
    set(QTOT_MPI ON)
  else()
    set(QTOT_MPI OFF)
    message(STATUS "qtot is built for one rank: no MPI with Boost.MPI was found")
  endif()
endif()
if(QTOT_BUILD_TESTS AND NOT CMAKE_CROSSCOMPILING)  # a cross build tests with qtot_golden alone
  if(CMAKE_CROSSCOMPILING)  # libgtest-dev is the host's; the source beside it serves any machine
    find_path(QTOT_GOOGLETEST CMakeLists.txt PATHS /usr/src/googletest NO_DEFAULT_PATH
              NO_CMAKE_FIND_ROOT_PATH REQUIRED)
    set(INSTALL_GTEST OFF)
    add_subdirectory(${QTOT_GOOGLETEST} ${PROJECT_BINARY_DIR}/third_party/googletest
                     EXCLUDE_FROM_ALL SYSTEM)
  else()
    find_package(GTest REQUIRED)
  endif()
  include(GoogleTest)
endif()
