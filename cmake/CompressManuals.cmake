# SPDX-License-Identifier: Apache-2.0
# Run by CPack on what it is about to pack: Debian's manual pages are compressed, without a time in them.
file(GLOB_RECURSE pages "${CPACK_TEMPORARY_DIRECTORY}/*")
list(FILTER pages INCLUDE REGEX "/share/man/man[1-8]/[^/]+[.][1-8]$")
if(pages)
  execute_process(COMMAND gzip -9 --no-name --force ${pages} COMMAND_ERROR_IS_FATAL ANY)
endif()
