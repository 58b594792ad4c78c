# Libraries, headers, configurations and the program, and the exported package: after
#   find_package(qtot)
# the modules are qtot::learner, qtot::mixers, ... as in this tree (docs/architecture.md).
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/qtot)
get_property(modules GLOBAL PROPERTY QTOT_MODULES)
list(REMOVE_ITEM modules qtot_cluster)  # for the program alone: no consumer needs MPI
install(TARGETS ${modules} EXPORT qtotTargets)
install(EXPORT qtotTargets NAMESPACE qtot:: DESTINATION ${package_dir})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/qtotConfig.cmake.in
                              ${PROJECT_BINARY_DIR}/qtotConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/qtotConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/qtotConfig.cmake ${PROJECT_BINARY_DIR}/qtotConfigVersion.cmake
              ${PROJECT_SOURCE_DIR}/cmake/FindLibZip.cmake
        DESTINATION ${package_dir})

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/qtot TYPE INCLUDE FILES_MATCHING PATTERN "*.h"
        PATTERN "cluster/mpi.h" EXCLUDE)
install(FILES ${PROJECT_BINARY_DIR}/include/qtot/version.h
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/qtot)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE TYPE DOC)
if(NOT QTOT_CORE_ONLY)
  install(TARGETS qtot qtot_c)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/configs DESTINATION ${CMAKE_INSTALL_DATADIR}/qtot)
endif()
