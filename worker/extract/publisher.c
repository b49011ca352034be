// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/publisher.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "worker/extract/name_tables.h"

#define METADATA NEWSLOOM__V1__SECTION_KIND__SECTION_KIND_METADATA

enum { LONGEST_HOST = 253 };

/* The last one: a page names itself above and whom it quotes below. */
static const char *from_by_line(const struct document *document)
{
    for (uint32_t i = document->mention_count; i-- > 0;) {
        const struct mention *mention = &document->mentions[i];
        if (mention->type == NEWSLOOM__V1__ENTITY_TYPE__ORGANIZATION &&
            document->sections[mention->section].kind == METADATA)
            return document_text(document, mention->span);
    }
    return NULL;
}

static int compare_domain(const void *host, const void *row)
{
    return strcasecmp(host, ((const struct press_domain *)row)->domain);
}

/* "https://m.vov.vn/…" or "vov.vn": the host, or what of it is left behind a dot, in the table. */
static const char *from_domain(const char *url)
{
    char host[LONGEST_HOST + 1];
    const char *begin = strstr(url, "://");
    begin = begin ? begin + strlen("://") : url;
    size_t size = strcspn(begin, "/:?#");
    if (size > LONGEST_HOST)
        return NULL;
    memcpy(host, begin, size);
    host[size] = 0;
    for (const char *at = host; at; at = strchr(at, '.')) {
        at += *at == '.';
        const struct press_domain *row =
            bsearch(at, press_domains, press_domain_count, sizeof(*press_domains), compare_domain);
        if (row)
            return row->name;
    }
    return NULL;
}

void publisher_find(struct document *document)
{
    const struct article_input *input = document->input;
    if (document->publisher[0])
        return;
    const char *found = from_by_line(document);
    if (!found)
        found = from_domain(input->url[0] ? input->url : input->source);
    document->publisher = found ? found : "";
}
