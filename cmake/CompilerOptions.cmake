# SPDX-License-Identifier: Apache-2.0
# One INTERFACE target carries every flag; nothing is put into CMAKE_C_FLAGS.
add_library(newsloom_options INTERFACE)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)
target_compile_features(newsloom_options INTERFACE c_std_17)
target_compile_definitions(newsloom_options INTERFACE _GNU_SOURCE
  NEWSLOOM_VERSION="${PROJECT_VERSION}")
target_include_directories(newsloom_options INTERFACE ${PROJECT_SOURCE_DIR})      # "broker/queue.h"
target_compile_options(newsloom_options INTERFACE
  -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
  -Wpointer-arith -Wwrite-strings -Wvla -Wundef -Wformat=2 -Wimplicit-fallthrough
  -Wconversion -Wno-sign-conversion -fno-common -fno-omit-frame-pointer
  $<$<BOOL:${NEWSLOOM_WERROR}>:-Werror>
  $<$<CONFIG:Release,RelWithDebInfo>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2;-fstack-protector-strong;-fstack-clash-protection>)
target_link_options(newsloom_options INTERFACE
  $<$<CONFIG:Release,RelWithDebInfo>:LINKER:-z,relro,-z,now,-z,noexecstack>)
if(NEWSLOOM_SANITIZE)
  target_compile_options(newsloom_options INTERFACE
    -fsanitize=${NEWSLOOM_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(newsloom_options INTERFACE -fsanitize=${NEWSLOOM_SANITIZE})
endif()
if(NEWSLOOM_BUILD_FUZZERS)  # coverage for libFuzzer everywhere; only the targets get its main (tests/fuzz)
  target_compile_options(newsloom_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
