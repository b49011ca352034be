# SPDX-License-Identifier: Apache-2.0
# A file as an array of C. As a script: cmake -DINPUT=… -DOUTPUT=… -DNAME=… -P Embed.cmake
if(CMAKE_SCRIPT_MODE_FILE)
  file(READ ${INPUT} bytes HEX)
  string(LENGTH "${bytes}" digits)
  math(EXPR size "${digits} / 2")
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  file(WRITE ${OUTPUT} "#include \"gateway/assets.h\"\nconst unsigned char ${NAME}[] = {${bytes}0};\nconst unsigned long ${NAME}_size = ${size};\n")
  return()
endif()

function(newsloom_embed target name file)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${name}.c)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DINPUT=${CMAKE_CURRENT_SOURCE_DIR}/${file} -DOUTPUT=${output} -DNAME=${name}
            -P ${PROJECT_SOURCE_DIR}/cmake/Embed.cmake
    DEPENDS ${file} ${PROJECT_SOURCE_DIR}/cmake/Embed.cmake VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()
