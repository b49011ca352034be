// SPDX-License-Identifier: Apache-2.0
#include "client/lib/entry.h"

const char *newsloom_entry_kind_name(enum newsloom_entry_kind kind)
{
    static const char *const names[] = {"UNKNOWN",   "STORED", "REPLACED",
                                        "WITHDRAWN", "DEAD",   "FORGOTTEN"};
    return (size_t)kind < COUNT_OF(names) ? names[kind] : names[0];
}

void entry_fill(struct newsloom_entry *entry, const Newsloom__V1__Entry *wire,
                const void *extraction, size_t size)
{
    *entry = (struct newsloom_entry){
        .sequence = wire->sequence,
        .kind = (enum newsloom_entry_kind)wire->kind,
        .stored_at_ms = wire->stored_at_ms,
        .article_id = wire->article_id,
        .source = wire->source,
        .key = wire->key,
        .revision = wire->revision,
        .reason = wire->reason,
        .identity = wire->identity.len == NEWSLOOM_IDENTITY_SIZE ? wire->identity.data : NULL,
        .extraction = extraction,
        .extraction_size = size,
    };
}
