// SPDX-License-Identifier: Apache-2.0
/* A record on the broker's disk, of the kind that the first byte chooses: no, or a record that
 * encodes to the very bytes it came from. */
#include <string.h>

#include "broker/record.h"
#include "common/status.h"
#include "tests/fuzz/fuzzing.h"

static uint8_t buffer[16384];

#define DECODE(kind)                                                                     \
    static size_t try_##kind(const void *bytes, size_t size)                             \
    {                                                                                    \
        struct kind record;                                                              \
        memset(&record, 0xa5, sizeof(record));                                           \
        return kind##_decode(&record, bytes, size) ? kind##_encode(&record, buffer) : 0; \
    }
DECODE(format_record)
DECODE(state_record)
DECODE(article_record)
DECODE(open_record)
DECODE(attempt_entry)
DECODE(entry_record)
DECODE(identity_record)
DECODE(cursor_record)
DECODE(dead_record)
DECODE(tombstone_record)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static size_t (*const kinds[])(const void *, size_t) = {
        try_format_record, try_state_record,     try_article_record,  try_open_record,
        try_attempt_entry, try_entry_record,     try_identity_record, try_cursor_record,
        try_dead_record,   try_tombstone_record,
    };
    if (size == 0)
        return 0;
    size_t encoded = kinds[*data % COUNT_OF(kinds)](data + 1, size - 1);
    if (encoded)
        ENSURE(encoded == size - 1 && memcmp(buffer, data + 1, encoded) == 0);
    return 0;
}
