// SPDX-License-Identifier: Apache-2.0
/* A JSON line that is fed: refused with a sentence, or an article; a good one passes the checks
 * before sending or is refused by them with a sentence. */
#include <stdlib.h>
#include <string.h>

#include "client/command/json_article.h"
#include "client/lib/submission.h"
#include "tests/fuzz/fuzzing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct input_defaults defaults = {.source = "fuzz", .article_limit = 4096};
    struct json_article json = {0};
    struct input_item item = {.article = {.source = defaults.source}};
    struct error err = {.status = STATUS_OK};
    char *line = memory_new(size + 1);
    memcpy(line, data, size);
    enum status status = json_article_read(&json, line, size, &defaults, &item, &err);
    ENSURE(status == STATUS_OK || status == STATUS_AGAIN ||
           (status == STATUS_INVALID && *err.text));
    if (status == STATUS_OK) {
        struct submission *submission = NULL;
        Newsloom__V1__RefusalCode code = NEWSLOOM__V1__REFUSAL_CODE__REFUSAL_NONE;
        status = submission_new(&submission, &item.article, defaults.article_limit, &code, &err);
        ENSURE((status == STATUS_OK) == (code == NEWSLOOM__V1__REFUSAL_CODE__REFUSAL_NONE));
        ENSURE(status == STATUS_OK || *err.text);
        if (status == STATUS_OK)
            ENSURE(submission->size <= defaults.article_limit);
        submission_free(&submission);
    }
    json_article_done(&json);
    free(line);
    return 0;
}
