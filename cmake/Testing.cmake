# SPDX-License-Identifier: Apache-2.0
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
function(newsloom_add_unit_test module)                   # test_<module>.c becomes unit.<module>
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  add_executable(test_${module} test_${module}.c)
  target_link_libraries(test_${module} PRIVATE newsloom_options PkgConfig::CMOCKA ${arg_LINK})
  add_test(NAME unit.${module} COMMAND test_${module})
  set_tests_properties(unit.${module} PROPERTIES LABELS unit TIMEOUT 180)
endfunction()
