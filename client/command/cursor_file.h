// SPDX-License-Identifier: Apache-2.0
/*
 * cursor_file - a cursor in a file of one line, replaced as a whole.
 */
#ifndef CLIENT_COMMAND_CURSOR_FILE_H
#define CLIENT_COMMAND_CURSOR_FILE_H

#include "client/newsloom.h"

/* NOT_FOUND: no such file; INVALID: it holds no cursor. */
enum status cursor_file_read(const char *path, struct newsloom_cursor *ret_cursor,
                             struct error *err) MUST_CHECK;
enum status cursor_file_write(const char *path, const struct newsloom_cursor *cursor,
                              struct error *err) MUST_CHECK;

#endif
