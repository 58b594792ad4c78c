# qtot_proto(<target> file.proto)
#
# Compiles src/<module>/<file>.proto into <target>. The generated code is not ours: no warnings, and
# its header lies in a system directory, which qtot::<file>_proto hands to tests that read back.
function(qtot_proto target proto)
  get_filename_component(name ${proto} NAME_WE)
  get_filename_component(folder ${proto} DIRECTORY)
  set(out ${PROJECT_BINARY_DIR}/proto)
  file(MAKE_DIRECTORY ${out})
  add_custom_command(
    OUTPUT ${out}/${name}.pb.cc ${out}/${name}.pb.h
    COMMAND protobuf::protoc --cpp_out=${out} --proto_path=${folder} ${proto}
    DEPENDS ${proto} VERBATIM)
  set_property(SOURCE ${out}/${name}.pb.cc PROPERTY COMPILE_OPTIONS -w)
  target_sources(${target} PRIVATE ${out}/${name}.pb.cc ${out}/${name}.pb.h)
  add_library(qtot_${name}_proto INTERFACE)
  add_library(qtot::${name}_proto ALIAS qtot_${name}_proto)
  target_include_directories(qtot_${name}_proto SYSTEM INTERFACE $<BUILD_INTERFACE:${out}>)
  target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:qtot::${name}_proto>)
endfunction()
