// SPDX-License-Identifier: Apache-2.0
/* What people type to subscribe, a filter or a cursor: refused with a sentence, or something that
 * fits its envelope. */
#include <stdlib.h>
#include <string.h>

#include "client/lib/filter.h"
#include "tests/fuzz/fuzzing.h"

static void check_cursor(const char *text)
{
    struct newsloom_cursor cursor;
    struct newsloom_cursor again;
    struct error err = {.status = STATUS_OK};
    char back[NEWSLOOM_CURSOR_TEXT_SIZE];
    if (newsloom_cursor_parse(text, &cursor, &err) != STATUS_OK) {
        ENSURE(*err.text);
        return;
    }
    (void)newsloom_cursor_text(&cursor, back);
    ENSURE(newsloom_cursor_parse(back, &again, &err) == STATUS_OK);
    ENSURE(memcmp(&cursor, &again, sizeof(cursor)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct filter filter;
    struct error err = {.status = STATUS_OK};
    char *text = memory_new(size + 1);
    memcpy(text, data, size);
    check_cursor(text);
    enum status status = filter_parse(&filter, text, &err);
    ENSURE(status == STATUS_OK || (status == STATUS_INVALID && *err.text));
    if (status == STATUS_OK) {
        Newsloom__V1__Filter wire;
        filter_wire(&filter, &wire);
        ENSURE(newsloom__v1__filter__get_packed_size(&wire) <= ENVELOPE_LIMIT / 2);
        filter_done(&filter);
    }
    free(text);
    return 0;
}
