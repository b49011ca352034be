// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/publisher.h"

#define METADATA NEWSLOOM__V1__SECTION_KIND__SECTION_KIND_METADATA

/* The last one: a page names itself above and whom it quotes below. */
void publisher_find(struct document *document)
{
    if (document->publisher[0])
        return;
    for (uint32_t i = document->mention_count; i-- > 0;) {
        const struct mention *mention = &document->mentions[i];
        if (mention->type != NEWSLOOM__V1__ENTITY_TYPE__ORGANIZATION ||
            document->sections[mention->section].kind != METADATA)
            continue;
        document->publisher = document_text(document, mention->span);
        return;
    }
}
