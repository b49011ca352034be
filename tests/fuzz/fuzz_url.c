// SPDX-License-Identifier: Apache-2.0
/* An article's address: refused with a sentence, or a key, and the key of the key is the key. */
#include <stdlib.h>
#include <string.h>

#include "common/url.h"
#include "common/utf8.h"
#include "tests/fuzz/fuzzing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *url = memory_new(size + 1);
    memcpy(url, data, size);
    char *key = NULL;
    struct error err = {.status = STATUS_OK};
    enum status status = url_canonical(url, &key, &err);
    ENSURE(status == STATUS_OK || (status == STATUS_INVALID && *err.text));
    if (status == STATUS_OK && strlen(key) + 8 <= URL_LIMIT) {
        char *whole = text_format("https://%s", key);
        char *again = NULL;
        ENSURE(url_canonical(whole, &again, &err) == STATUS_OK);
        ENSURE(strcmp(key, again) == 0);
        free(again);
        free(whole);
    }
    if (status == STATUS_OK)
        ENSURE(!strpbrk(key, " \t\r\n#") && utf8_is_clean(key, strlen(key)));
    free(key);
    free(url);
    return 0;
}
