// SPDX-License-Identifier: Apache-2.0
#include "recovery/resubmitting.h"

#include <inttypes.h>

#include "recovery/row_facts.h"

#define ID_DIGITS 24

/* Every revision up to this one, so that the broker counts them as they are counted here. What it
 * knows of them is a duplicate. */
static const char question[] =
    "SELECT " PAGE_COLUMNS
    " FROM newsloom.article a WHERE a.source_id = (SELECT r.source_id FROM newsloom.article r"
    " WHERE r.article_id = $1) AND a.key = $2 AND a.revision <= $3 AND octet_length(a.content) > 0"
    " ORDER BY a.revision";

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

enum status resubmitting_open(struct resubmitting *r, struct error *err)
{
    return r->dry_run ? STATUS_OK : pages_open(&r->pages, r->session, err);
}

void resubmitting_close(struct resubmitting *r)
{
    pages_close(&r->pages);
}

enum status resubmitting_finish(struct resubmitting *r, struct error *err)
{
    enum status status = pages_finish(&r->pages, err);
    r->left += r->pages.refused;
    r->pages.refused = 0;
    return status;
}

/* ---- submitting ---- */

static enum status submit_row(struct resubmitting *r, const PGresult *result, int at,
                              const struct held_row *row, struct error *err)
{
    struct error why;
    const struct page_name name = {.source = row->source, .key = row->key};
    bool is_asked_for = at + 1 == PQntuples(result);
    enum status status = pages_submit(&r->pages, &name, result, at, &why);
    if (status == STATUS_OK && is_asked_for) {
        r->submitted++;
        tell(r->session, row, "unknown", "submitted again");
    } else if (status == STATUS_NOT_FOUND) {
        if (is_asked_for)
            leave(r, row, why.text);
        status = STATUS_OK;
    }
    return status == STATUS_OK ? STATUS_OK : error_set(err, status, "%s", why.text);
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
            status = pages_finish(&r->pages, err);
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
