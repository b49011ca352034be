// SPDX-License-Identifier: Apache-2.0
/* A file of many articles: the first byte chooses JSON lines, CSV or WARC, the rest is the file,
 * which may be packed. Every record is an article or is refused with a sentence, places go up, and
 * there is an end. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client/command/records.h"
#include "tests/fuzz/fuzzing.h"

#define ARTICLE_LIMIT 4096
#define RECORDS_MAX   100000 /* of a packed input that has no end worth waiting for */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct input_defaults defaults = {.source = "fuzz", .article_limit = ARTICLE_LIMIT};
    int fd = memfd_create("records", MFD_CLOEXEC);
    if (size == 0 || fd < 0) {
        if (fd >= 0)
            (void)close(fd);
        return 0;
    }
    ENSURE(write(fd, data + 1, size - 1) == (ssize_t)(size - 1));
    ENSURE(lseek(fd, 0, SEEK_SET) == 0);
    struct records *records = records_open((enum record_format)(data[0] % 3), fd, &defaults);
    enum status status = STATUS_OK;
    uint64_t line = 0;
    for (unsigned count = 0; status != STATUS_NOT_FOUND && count < RECORDS_MAX; count++) {
        struct input_item item = {.article = {.source = defaults.source}};
        struct error err = {.status = STATUS_OK};
        ENSURE(records_are_ready(records, 0));
        status = records_next(records, &item, &err);
        ENSURE(status != STATUS_INVALID || *err.text);
        ENSURE(status == STATUS_OK || status == STATUS_AGAIN || status == STATUS_INVALID ||
               status == STATUS_NOT_FOUND);
        if (status != STATUS_OK)
            continue;
        ENSURE(item.line > line);
        line = item.line;
        ENSURE(memchr(item.article.content, -1, item.article.size) || true); /* all is readable */
        if (data[0] % 3 == RECORDS_WARC)
            ENSURE(item.article.size <= ARTICLE_LIMIT);
    }
    records_close(&records);
    return 0;
}
