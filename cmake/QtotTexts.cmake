# qtot_embed_texts(<source> HEADER header NAMESPACE namespace FUNCTIONS function=glob ...)
#
# Writes a C++ source file that defines, for each function, `std::span<const TextFile> function()` with
# the text files of its glob, named without folder and extension, in natural order. Text files alone: a
# file must not hold `)qtot"`, and is looked at again whenever it changes.
function(qtot_embed_texts source)
  cmake_parse_arguments(ARG "" "HEADER;NAMESPACE" "FUNCTIONS" ${ARGN})
  set(code "// Written by cmake/QtotTexts.cmake.\n#include \"${ARG_HEADER}\"\n\nnamespace ${ARG_NAMESPACE} {\n")
  foreach(pair IN LISTS ARG_FUNCTIONS)
    string(REGEX MATCH "^([a-z_]+)=(.+)$" matched "${pair}")
    set(function ${CMAKE_MATCH_1})
    file(GLOB paths CONFIGURE_DEPENDS ${CMAKE_MATCH_2})
    list(SORT paths COMPARE NATURAL)
    string(APPEND code "\nnamespace {\nconstexpr TextFile k_${function}[] = {\n")
    foreach(path IN LISTS paths)
      set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
      file(READ ${path} text)
      cmake_path(GET path STEM LAST_ONLY name)
      string(APPEND code "    {\"${name}\", R\"qtot(${text})qtot\"},\n")
    endforeach()
    string(APPEND code "};\n}  // namespace\n\n"
                       "std::span<const TextFile> ${function}() {\n  return k_${function};\n}\n")
  endforeach()
  string(APPEND code "\n}  // namespace ${ARG_NAMESPACE}\n")
  file(CONFIGURE OUTPUT ${source} CONTENT "${code}" @ONLY)  # leaves an unchanged file alone
endfunction()
