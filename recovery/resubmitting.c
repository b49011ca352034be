// SPDX-License-Identifier: Apache-2.0
#include "recovery/resubmitting.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "client/command/interrupt.h"
#include "common/clock.h"
#include "common/digest.h"
#include "recovery/row_facts.h"

#define LABELS_LIMIT 64
#define TURN_MS      500
#define PATIENCE_MS  60000 /* without a single receipt */
#define ID_DIGITS    24

/* Every revision up to this one, so that the broker counts them as they are counted here. What it
 * knows of them is a duplicate. published only where the feeder named it: from the page a worker
 * reads it again */
static const char question[] =
    "SELECT a.url, a.title, a.author,"
    " CASE WHEN a.published_origin = 'FEEDER' THEN a.published ELSE '' END, a.language,"
    " a.content_type, a.charset, a.trace_id, a.labels::text, a.content_digest, a.content"
    " FROM newsloom.article a WHERE a.source_id = (SELECT r.source_id FROM newsloom.article r"
    " WHERE r.article_id = $1) AND a.key = $2 AND a.revision <= $3 AND octet_length(a.content) > 0"
    " ORDER BY a.revision";

enum column {
    COLUMN_URL,
    COLUMN_TITLE,
    COLUMN_AUTHOR,
    COLUMN_PUBLISHED,
    COLUMN_LANGUAGE,
    COLUMN_TYPE,
    COLUMN_CHARSET,
    COLUMN_TRACE,
    COLUMN_LABELS,
    COLUMN_DIGEST,
    COLUMN_CONTENT,
};

static void tell(struct session *session, const struct held_row *row, const char *what,
                 const char *why)
{
    const struct finding finding = {.what = what,
                                    .source = row->source,
                                    .key = row->key,
                                    .revision = row->revision,
                                    .why = why};
    session_tell(session, &finding);
}

static void leave(struct resubmitting *r, const struct held_row *row, const char *why)
{
    r->left++;
    tell(r->session, row, "left", why);
}

static void on_receipt(void *context, void *tag, const struct newsloom_receipt *receipt)
{
    struct resubmitting *r = context;
    (void)tag;
    r->known += receipt->code == NEWSLOOM_DUPLICATE;
    if (receipt->code != NEWSLOOM_REFUSED)
        return;
    const struct finding finding = {.what = "left", .why = receipt->text};
    r->left++;
    session_tell(r->session, &finding);
}

enum status resubmitting_open(struct resubmitting *r, struct error *err)
{
    struct newsloom_options options = invocation_connect(r->session->invocation, "broker.feed");
    return r->dry_run ? STATUS_OK : newsloom_feeder_open(&r->feeder, &options, on_receipt, r, err);
}

void resubmitting_close(struct resubmitting *r)
{
    newsloom_feeder_close(&r->feeder);
}

/* ---- submitting ---- */

/* Until less is pending than that. */
static enum status run_feeder(struct resubmitting *r, size_t most, struct error *err)
{
    int64_t heard_ms = clock_mono_ms();
    while (newsloom_feeder_pending(r->feeder) > most) {
        if (interrupt_count())
            return error_set(err, STATUS_AGAIN, "interrupted");
        enum status status = newsloom_feeder_run(r->feeder, TURN_MS, err);
        if (status == STATUS_OK || newsloom_feeder_is_held(r->feeder))
            heard_ms = clock_mono_ms();
        else if (status != STATUS_AGAIN || clock_mono_ms() - heard_ms > PATIENCE_MS)
            return status;
    }
    return STATUS_OK;
}

enum status resubmitting_finish(struct resubmitting *r, struct error *err)
{
    return r->feeder ? run_feeder(r, 0, err) : STATUS_OK;
}

static enum status submit(struct resubmitting *r, const struct newsloom_article *article,
                          const struct held_row *row, bool is_asked_for, struct error *err)
{
    struct error why;
    enum status status = newsloom_feeder_submit(r->feeder, article, NULL, &why);
    while (status == STATUS_LIMIT) {
        status = run_feeder(r, newsloom_feeder_pending(r->feeder) - 1, err);
        if (status != STATUS_OK)
            return status;
        status = newsloom_feeder_submit(r->feeder, article, NULL, &why);
    }
    if (status == STATUS_OK && is_asked_for) {
        r->submitted++;
        tell(r->session, row, "unknown", "submitted again");
    } else if (is_asked_for) {
        leave(r, row, why.text);
    }
    return STATUS_OK;
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

static enum status submit_row(struct resubmitting *r, const PGresult *result, int at,
                              const struct held_row *row, struct error *err)
{
    struct newsloom_label labels[LABELS_LIMIT];
    struct newsloom_article article = {
        .source = row->source,
        .key = row->key,
        .url = PQgetvalue(result, at, COLUMN_URL),
        .article_class = NEWSLOOM_CLASS_BACKFILL,
        .title = title_of(result, at),
        .author = PQgetvalue(result, at, COLUMN_AUTHOR),
        .published = PQgetvalue(result, at, COLUMN_PUBLISHED),
        .language = PQgetvalue(result, at, COLUMN_LANGUAGE),
        .content_type = PQgetvalue(result, at, COLUMN_TYPE),
        .charset = PQgetvalue(result, at, COLUMN_CHARSET),
        .content = PQgetvalue(result, at, COLUMN_CONTENT),
        .size = (size_t)PQgetlength(result, at, COLUMN_CONTENT),
        .labels = labels,
        .trace_id = PQgetvalue(result, at, COLUMN_TRACE),
    };
    const char *name = NULL;
    json_t *value = NULL;
    bool is_last = at + 1 == PQntuples(result);
    if (!article.title && !is_last)
        return STATUS_OK;
    if (!article.title) {
        leave(r, row, "its content is not what its digest was made of");
        return STATUS_OK;
    }
    json_t *object = json_loads(PQgetvalue(result, at, COLUMN_LABELS), 0, NULL);
    json_object_foreach(object, name, value)
    {
        if (article.label_count < LABELS_LIMIT && json_is_string(value))
            labels[article.label_count++] =
                (struct newsloom_label){.name = name, .value = json_string_value(value)};
    }
    enum status status = submit(r, &article, row, is_last, err);
    json_decref(object);
    return status;
}

static enum status fetch_and_submit(struct resubmitting *r, const struct held_row *row,
                                    struct error *err)
{
    char id[ID_DIGITS];
    char revision[ID_DIGITS];
    const char *const parameters[] = {id, row->key, revision};
    (void)snprintf(id, sizeof(id), "%" PRId64, row->article_id);
    (void)snprintf(revision, sizeof(revision), "%" PRIu32, row->revision);
    PGresult *result =
        PQexecParams(r->session->database, question, 3, NULL, parameters, NULL, NULL, 1);
    enum status status = STATUS_OK;
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        status = row_failed(r->session->database, err);
    for (int at = 0; status == STATUS_OK && at < PQntuples(result); at++) {
        if (at > 0) /* one that waits for its receipt may be overtaken */
            status = run_feeder(r, 0, err);
        if (status == STATUS_OK)
            status = submit_row(r, result, at, row, err);
    }
    PQclear(result);
    return status;
}

/* ---- retrying ---- */

static enum status retry(struct resubmitting *r, const struct held_row *row, struct error *err)
{
    Newsloom__V1__DeadRequest request = NEWSLOOM__V1__DEAD_REQUEST__INIT;
    struct newsloom_dead_letters letters = {0};
    request.verb = NEWSLOOM__V1__DEAD_VERB__DEAD_RETRY;
    request.article_id = row->broker_article_id;
    enum status status = newsloom_operator_dead(r->session->op, &request, &letters, err);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK; /* somebody was faster */
    if (status == STATUS_OK) {
        r->retried++;
        tell(r->session, row, "dead", "retried");
    }
    return status;
}

enum status resubmitting_row(void *context, const struct held_row *row, struct error *err)
{
    struct resubmitting *r = context;
    bool dead = row->state == NEWSLOOM__V1__STATE__DEAD;
    if (!dead && row->state != NEWSLOOM__V1__STATE__STATE_UNKNOWN)
        return STATUS_OK;
    if (!dead && !row->has_content) {
        leave(r, row, "its content was never stored again: feed the article");
        return STATUS_OK;
    }
    if (!r->dry_run)
        return dead ? retry(r, row, err) : fetch_and_submit(r, row, err);
    r->retried += dead;
    r->submitted += !dead;
    tell(r->session, row, dead ? "dead" : "unknown",
         dead ? "would be retried" : "would be submitted again");
    return STATUS_OK;
}
