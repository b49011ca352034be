// SPDX-License-Identifier: Apache-2.0
#include "recovery/pages.h"

#include <jansson.h>
#include <string.h>

#include "client/command/interrupt.h"
#include "common/clock.h"
#include "common/digest.h"
#include "recovery/row_facts.h"

#define LABELS_LIMIT 64
#define TURN_MS      500
#define PATIENCE_MS  60000 /* without a single receipt */

enum column {
    COLUMN_URL,
    COLUMN_TITLE,
    COLUMN_AUTHOR,
    COLUMN_PUBLISHED,
    COLUMN_FETCHED,
    COLUMN_LANGUAGE,
    COLUMN_TYPE,
    COLUMN_CHARSET,
    COLUMN_TRACE,
    COLUMN_LABELS,
    COLUMN_DIGEST,
    COLUMN_CONTENT,
    COLUMN_COUNT,
};

_Static_assert((int)COLUMN_COUNT == (int)PAGE_COLUMN_COUNT, "as PAGE_COLUMNS asks");

static void on_receipt(void *context, void *tag, const struct newsloom_receipt *receipt)
{
    struct pages *pages = context;
    (void)tag;
    if (receipt->code == NEWSLOOM_ACCEPTED) {
        pages->accepted++;
    } else if (receipt->code == NEWSLOOM_DUPLICATE) {
        pages->ended += newsloom_state_is_end(receipt->state);
        pages->open += !newsloom_state_is_end(receipt->state);
    } else {
        const struct finding finding = {.what = "left", .why = receipt->text};
        pages->refused++;
        session_tell(pages->session, &finding);
    }
}

enum status pages_open(struct pages *pages, struct session *session, struct error *err)
{
    struct newsloom_options options = invocation_connect(session->invocation, "broker.feed");
    *pages = (struct pages){.session = session};
    return newsloom_feeder_open(&pages->feeder, &options, on_receipt, pages, err);
}

void pages_close(struct pages *pages)
{
    newsloom_feeder_close(&pages->feeder);
}

/* Until no more than that are pending. */
static enum status run_feeder(struct pages *pages, size_t most, struct error *err)
{
    int64_t heard_ms = clock_mono_ms();
    while (newsloom_feeder_pending(pages->feeder) > most) {
        if (interrupt_count())
            return error_set(err, STATUS_AGAIN, "interrupted");
        enum status status = newsloom_feeder_run(pages->feeder, TURN_MS, err);
        if (status == STATUS_OK || newsloom_feeder_is_held(pages->feeder))
            heard_ms = clock_mono_ms();
        else if (status != STATUS_AGAIN || clock_mono_ms() - heard_ms > PATIENCE_MS)
            return status;
    }
    return STATUS_OK;
}

enum status pages_finish(struct pages *pages, struct error *err)
{
    return pages->feeder ? run_feeder(pages, 0, err) : STATUS_OK;
}

static enum status submit(struct pages *pages, const struct newsloom_article *article,
                          struct error *err)
{
    enum status status = newsloom_feeder_submit(pages->feeder, article, NULL, err);
    while (status == STATUS_LIMIT) {
        status = run_feeder(pages, newsloom_feeder_pending(pages->feeder) - 1, err);
        if (status != STATUS_OK)
            return status;
        status = newsloom_feeder_submit(pages->feeder, article, NULL, err);
    }
    return status == STATUS_OK ? STATUS_OK : error_set(err, STATUS_NOT_FOUND, "%s", err->text);
}

/* The title that the feeder gave, or none: whichever makes the digest that stands there. */
static const char *title_of(const PGresult *result, int at)
{
    static const char *const none = "";
    const char *const titles[] = {none, PQgetvalue(result, at, COLUMN_TITLE)};
    uint8_t wanted[DIGEST_SIZE];
    uint8_t digest[DIGEST_SIZE];
    if (!row_bytes(result, at, COLUMN_DIGEST, wanted, sizeof(wanted)))
        return NULL;
    for (size_t i = 0; i < COUNT_OF(titles); i++) {
        digest_content(titles[i], PQgetvalue(result, at, COLUMN_CONTENT),
                       (size_t)PQgetlength(result, at, COLUMN_CONTENT), digest);
        if (memcmp(digest, wanted, sizeof(wanted)) == 0)
            return titles[i];
    }
    return NULL;
}

enum status pages_submit(struct pages *pages, const struct page_name *name, const PGresult *result,
                         int at, struct error *err)
{
    struct newsloom_label labels[LABELS_LIMIT];
    struct newsloom_article article = {
        .source = name->source,
        .key = name->key,
        .url = PQgetvalue(result, at, COLUMN_URL),
        .article_class = NEWSLOOM_CLASS_BACKFILL,
        .title = title_of(result, at),
        .author = PQgetvalue(result, at, COLUMN_AUTHOR),
        .published = PQgetvalue(result, at, COLUMN_PUBLISHED),
        .fetched = PQgetvalue(result, at, COLUMN_FETCHED),
        .language = PQgetvalue(result, at, COLUMN_LANGUAGE),
        .content_type = PQgetvalue(result, at, COLUMN_TYPE),
        .charset = PQgetvalue(result, at, COLUMN_CHARSET),
        .content = PQgetvalue(result, at, COLUMN_CONTENT),
        .size = (size_t)PQgetlength(result, at, COLUMN_CONTENT),
        .labels = labels,
        .trace_id = PQgetvalue(result, at, COLUMN_TRACE),
        .generation = name->generation,
        .revision = name->generation ? name->revision : 0,
    };
    const char *label = NULL;
    json_t *value = NULL;
    if (article.size == 0)
        return error_set(err, STATUS_NOT_FOUND,
                         "its content was never stored again: feed the article");
    if (!article.title)
        return error_set(err, STATUS_NOT_FOUND, "its content is not what its digest was made of");
    json_t *object = json_loads(PQgetvalue(result, at, COLUMN_LABELS), 0, NULL);
    json_object_foreach(object, label, value)
    {
        if (article.label_count < LABELS_LIMIT && json_is_string(value))
            labels[article.label_count++] =
                (struct newsloom_label){.name = label, .value = json_string_value(value)};
    }
    enum status status = submit(pages, &article, err);
    json_decref(object);
    return status;
}
