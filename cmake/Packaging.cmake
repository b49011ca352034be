# SPDX-License-Identifier: Apache-2.0
# Debian packages, one a component: cmake --workflow --preset deb. What only packages have (configuration in /etc, copyright,
# changelog, lintian's overrides) stands in components of its own that `cmake --install` leaves alone.
set(debian ${PROJECT_SOURCE_DIR}/deploy/debian)
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "newsloom maintainers <maintainers@newsloom.example>")
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_SET_DESTDIR ON)  # /etc/newsloom, where programs and units look, is no part of the prefix
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/CompressManuals.cmake)

# newsloom_add_package(<package> <section> <summary> COMPONENTS … [DEPENDS …] [CONTROL …] [ALL])
#   CONTROL: files of deploy/debian/<package>/, whose file `description` explains it to who installs it.
function(newsloom_add_package package section summary)
  cmake_parse_arguments(arg "ALL" "DEPENDS;RECOMMENDS" "COMPONENTS;CONTROL" ${ARGN})
  string(REPLACE - _ group ${package})
  string(TOUPPER ${group} upper)
  set(extra ${group}_debian)
  set(docs ${CMAKE_INSTALL_DATADIR}/doc/${package})
  install(FILES ${debian}/copyright DESTINATION ${docs} COMPONENT ${extra} EXCLUDE_FROM_ALL)
  install(FILES ${PROJECT_BINARY_DIR}/packaging/changelog.gz DESTINATION ${docs} COMPONENT ${extra} EXCLUDE_FROM_ALL)
  if(EXISTS ${debian}/${package}/overrides)
    install(FILES ${debian}/${package}/overrides DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides
            RENAME ${package} COMPONENT ${extra} EXCLUDE_FROM_ALL)
  endif()
  foreach(component IN LISTS arg_COMPONENTS ITEMS ${extra})
    string(TOUPPER ${component} component_upper)
    set(CPACK_COMPONENT_${component_upper}_GROUP ${group} PARENT_SCOPE)
    list(APPEND newsloom_components ${component})
  endforeach()
  set(newsloom_components ${newsloom_components} PARENT_SCOPE)
  list(TRANSFORM arg_CONTROL PREPEND ${debian}/${package}/)
  file(READ ${debian}/${package}/description description)
  string(STRIP "${description}" description)
  set(CPACK_COMPONENT_GROUP_${upper}_DESCRIPTION "${summary}\n${description}" PARENT_SCOPE)
  set(CPACK_DEBIAN_${upper}_DESCRIPTION "${summary}\n${description}" PARENT_SCOPE)
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${package} PARENT_SCOPE)
  set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION ${section} PARENT_SCOPE)
  set(CPACK_DEBIAN_${upper}_PACKAGE_DEPENDS "${arg_DEPENDS}" PARENT_SCOPE)
  set(CPACK_DEBIAN_${upper}_PACKAGE_RECOMMENDS "${arg_RECOMMENDS}" PARENT_SCOPE)
  set(CPACK_DEBIAN_${upper}_PACKAGE_CONTROL_EXTRA "${arg_CONTROL}" PARENT_SCOPE)
  if(arg_ALL)
    set(CPACK_DEBIAN_${upper}_PACKAGE_ARCHITECTURE all PARENT_SCOPE)
    set(CPACK_DEBIAN_${upper}_PACKAGE_SHLIBDEPS OFF PARENT_SCOPE)
  endif()
endfunction()

file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/packaging)
configure_file(${debian}/changelog.in packaging/changelog @ONLY)
execute_process(COMMAND gzip -9 --no-name --force --keep ${PROJECT_BINARY_DIR}/packaging/changelog COMMAND_ERROR_IS_FATAL ANY)

# What an operator edits: dpkg asks before it replaces what was changed, unlike `cmake --install`, which has samples only.
foreach(pair "newsloom_broker broker" "newsloom_worker worker" "newsloom_gateway gateway" "newsloom newsloom")
  separate_arguments(pair)
  list(GET pair 0 group)
  list(GET pair 1 name)
  install(FILES ${PROJECT_SOURCE_DIR}/deploy/etc/${name}.conf DESTINATION /etc/newsloom
          COMPONENT ${group}_debian EXCLUDE_FROM_ALL)
endforeach()

set(same "(= ${PROJECT_VERSION})")
set(daemon_scripts conffiles postinst prerm postrm)
newsloom_add_package(newsloom-broker net "broker of newsloom: keeps news articles until they are stored"
  COMPONENTS broker CONTROL ${daemon_scripts} RECOMMENDS "newsloom")
newsloom_add_package(newsloom-worker net "worker of newsloom: extracts facts from Vietnamese news"
  COMPONENTS worker CONTROL ${daemon_scripts} DEPENDS "newsloom-common ${same}" RECOMMENDS "newsloom")
newsloom_add_package(newsloom-gateway net "gateway of newsloom: takes articles and serves events by HTTP"
  COMPONENTS gateway CONTROL ${daemon_scripts})
newsloom_add_package(newsloom net "command line of newsloom: feed, follow, search and operate"
  COMPONENTS client CONTROL conffiles DEPENDS "newsloom-common ${same}")
newsloom_add_package(newsloom-common misc "model of newsloom's extraction" COMPONENTS common ALL)
newsloom_add_package(libnewsloom0 libs "client library of newsloom" COMPONENTS library CONTROL shlibs triggers)
newsloom_add_package(libnewsloom-dev libdevel "client library of newsloom, for programs that are built with it"
  COMPONENTS dev DEPENDS "libnewsloom0 ${same}")
newsloom_add_package(python3-newsloom python "client of newsloom for Python" COMPONENTS python CONTROL postinst prerm
  DEPENDS "python3:any (>= 3.11), python3-zmq, python3-protobuf" ALL)
set(CPACK_COMPONENTS_ALL ${newsloom_components})
include(CPack)
