# SPDX-License-Identifier: Apache-2.0
# Generated code: in the build tree, a library of its own, not linted, included as SYSTEM.
find_program(PROTOC_EXECUTABLE protoc REQUIRED)
find_program(PROTOC_GEN_C_EXECUTABLE protoc-gen-c REQUIRED)
function(newsloom_add_protobuf_c target)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/generated)
  file(MAKE_DIRECTORY ${out})
  foreach(proto IN LISTS ARGN)
    cmake_path(GET proto STEM stem)
    set(gen ${out}/${stem}.pb-c.c ${out}/${stem}.pb-c.h)
    add_custom_command(OUTPUT ${gen}
      COMMAND ${PROTOC_EXECUTABLE} --plugin=protoc-gen-c=${PROTOC_GEN_C_EXECUTABLE}
              --c_out=${out} --proto_path=${CMAKE_CURRENT_SOURCE_DIR} ${proto}
      DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${proto} ${PROTOC_GEN_C_EXECUTABLE} VERBATIM)
    list(APPEND sources ${gen})
  endforeach()
  add_library(${target} STATIC ${sources})
  set_target_properties(${target} PROPERTIES C_CLANG_TIDY "")
  target_compile_options(${target} PRIVATE -w)
  target_include_directories(${target} SYSTEM PUBLIC ${out})
  target_link_libraries(${target} PUBLIC PkgConfig::PROTOBUF_C)
endfunction()
