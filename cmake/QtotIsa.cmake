# qtot_isa_kernels(<target> family.inl ...)
#
# Compiles <family>.inl of src/math/kernels (or of an absolute path) once for each instruction-set
# level of the target machine. Each copy lies in a namespace of its own (isa_avx2, ...) and defines one function
#   const <Family>Kernels& <family>_kernels();
# which src/math/<family>.cpp picks from at run time (src/math/isa.h). The levels must never share
# an inline function that the linker could take from the wrong copy: see docs/determinism.md.
function(qtot_isa_kernels target)
  set(flags_baseline "")
  set(flags_avx2 -march=x86-64-v3)
  set(flags_avx512 -march=x86-64-v4 -mprefer-vector-width=512)
  set(flags_wide16 -march=x86-64-v3)  # 16 lanes in plain C++: runs AVX-512's tiling anywhere
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    set(levels baseline avx2 avx512 wide16)
    target_compile_definitions(${target} PRIVATE QTOT_X86_LEVELS=1)
  else()
    set(levels baseline wide16)
    set(flags_wide16 "")
  endif()
  foreach(file IN LISTS ARGN)
    get_filename_component(family ${file} NAME_WE)
    foreach(level IN LISTS levels)
      set(QTOT_LEVEL ${level})
      cmake_path(ABSOLUTE_PATH file BASE_DIRECTORY ${PROJECT_SOURCE_DIR}/src/math/kernels
                 OUTPUT_VARIABLE QTOT_INL)
      set(source ${PROJECT_BINARY_DIR}/isa/${family}_${level}.cpp)
      configure_file(${PROJECT_SOURCE_DIR}/cmake/isa_kernels.cpp.in ${source} @ONLY)
      set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "${flags_${level}}"
                                                       SKIP_PRECOMPILE_HEADERS ON)
      target_sources(${target} PRIVATE ${source})
    endforeach()
  endforeach()
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src)
endfunction()
