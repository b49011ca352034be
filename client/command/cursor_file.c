// SPDX-License-Identifier: Apache-2.0
#include "client/command/cursor_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client/command/feed_state.h"

enum status cursor_file_read(const char *path, struct newsloom_cursor *ret_cursor,
                             struct error *err)
{
    char line[2 * NEWSLOOM_CURSOR_TEXT_SIZE] = "";
    FILE *file = fopen(path, "re");
    if (!file)
        return error_set_errno(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_INVALID,
                               "could not read the cursor in %.150s", path);
    if (!fgets(line, sizeof(line), file))
        line[0] = '\0'; /* an empty file holds no cursor */
    (void)fclose(file);
    line[strcspn(line, "\n")] = '\0';
    struct error why;
    if (newsloom_cursor_parse(line, ret_cursor, &why) != STATUS_OK)
        return error_set(err, STATUS_INVALID,
                         "%.120s holds no cursor: give --from to begin elsewhere", path);
    return STATUS_OK;
}

enum status cursor_file_write(const char *path, const struct newsloom_cursor *cursor,
                              struct error *err)
{
    char line[NEWSLOOM_CURSOR_TEXT_SIZE];
    size_t length = strlen(newsloom_cursor_text(cursor, line));
    (void)snprintf(line + length, sizeof(line) - length, "\n");
    return file_replace(path, line, err);
}
