// SPDX-License-Identifier: Apache-2.0
/* A value from outside in a log line: always one quoted piece of clean text. */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/utf8.h"
#include "tests/fuzz/fuzzing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = memory_new(size + 1);
    memcpy(text, data, size);
    char quoted[LOG_QUOTE_SIZE];
    (void)log_quote(text, quoted);
    size_t length = strlen(quoted);
    ENSURE(length >= 2 && length < LOG_QUOTE_SIZE);
    ENSURE(quoted[0] == '"' && quoted[length - 1] == '"');
    ENSURE(utf8_is_clean(quoted, length));
    for (size_t i = 1; i + 1 < length; i++) {
        ENSURE((unsigned char)quoted[i] >= 0x20 && quoted[i] != 0x7f);
        if (quoted[i] == '\\')
            i++;
        else
            ENSURE(quoted[i] != '"');
        ENSURE(i + 1 < length);
    }
    free(text);
    return 0;
}
