// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/finding.h"

#include "tests/support/testing.h"
#include "worker/extract/dates.h"
#include "worker/extract/document.h"
#include "worker/extract/entities.h"
#include "worker/extract/events.h"
#include "worker/extract/mentions.h"
#include "worker/extract/roles.h"

static struct knowledge *knowledge;

static void close_knowledge(void)
{
    knowledge_close(&knowledge);
}

const struct knowledge *shared_knowledge(void)
{
    if (!knowledge) {
        struct error err = {0};
        assert_ok(knowledge_open(NULL, &knowledge, &err), err);
        assert_int_equal(atexit(close_knowledge), 0);
    }
    return knowledge;
}

struct document find_all(struct arena *arena, const char *text)
{
    struct document document = read_text(arena, text);
    document.published = "2020-05-10";
    dates_find(&document);
    mentions_find(&document, shared_knowledge());
    document_sort_mentions(&document);
    entities_join(&document, shared_knowledge());
    roles_find(&document, shared_knowledge());
    events_find(&document, shared_knowledge());
    return document;
}

const char *marked(const struct document *document)
{
    static const char *const names[] = {"?", "PER", "ORG", "LOC", "DATE", "LAW", "EVT", "CRIME"};
    const char *out = "";
    uint32_t at = 0;
    for (uint32_t i = 0; i < document->mention_count; i++) {
        const struct mention *mention = &document->mentions[i];
        if (mention->type == NEWSLOOM__V1__ENTITY_TYPE__DATE)
            continue;
        out = arena_format(document->arena, "%s%s[%s %s]", out,
                           document_text(document, (struct span){at, mention->span.start}),
                           names[mention->type], document_text(document, mention->span));
        at = mention->span.end;
    }
    return arena_format(document->arena, "%s%s", out,
                        document_text(document, (struct span){at, document->text.length}));
}
