// SPDX-License-Identifier: Apache-2.0
#include "recovery/row_walk.h"

#include <inttypes.h>
#include <stdlib.h>

#include "client/command/database.h"
#include "client/command/interrupt.h"
#include "common/digest.h"
#include "recovery/row_facts.h"

#define PAGE      NEWSLOOM_KNOWN_NAMES
#define ID_DIGITS 24

static const char first_question[] =
    "SELECT coalesce(min(article_id), 0), coalesce(max(article_id), 0) FROM newsloom.article"
    " WHERE stored_at >= to_timestamp($1::float8 / 1000)";

static const char page_question[] =
    "SELECT a.article_id, s.name, a.key, a.revision, a.content_digest, octet_length(a.content)"
    " FROM newsloom.article a JOIN newsloom.source s USING (source_id)"
    " WHERE a.article_id > $1 AND a.stored_at >= to_timestamp($2::float8 / 1000)"
    " ORDER BY a.article_id LIMIT 128";

_Static_assert(PAGE == 128, "a page of rows is one question to the broker");

struct paging {
    struct row_walk *walk;
    int64_t first_id;
    int64_t last_id;
    int64_t after;
    char since[ID_DIGITS];
};

static enum status find_ends(struct paging *paging, struct error *err)
{
    const char *const parameters[] = {paging->since};
    PGresult *result = NULL;
    enum status status =
        database_ask(paging->walk->session->database, first_question, parameters, 1, &result, err);
    if (status != STATUS_OK)
        return status;
    paging->first_id = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    paging->last_id = strtoll(PQgetvalue(result, 0, 1), NULL, 10);
    paging->after = paging->first_id - 1;
    database_clear(&result);
    return STATUS_OK;
}

static void count_row(struct row_walk *walk, Newsloom__V1__State state)
{
    walk->rows++;
    walk->unknown += state == NEWSLOOM__V1__STATE__STATE_UNKNOWN;
    walk->dead += state == NEWSLOOM__V1__STATE__DEAD;
    walk->open += state == NEWSLOOM__V1__STATE__QUEUED || state == NEWSLOOM__V1__STATE__WAITING ||
                  state == NEWSLOOM__V1__STATE__LEASED;
}

static enum status look_up(struct paging *paging, const PGresult *result, struct error *err)
{
    uint8_t names[PAGE][NEWSLOOM_KNOWN_NAME_SIZE];
    struct held_row rows[PAGE];
    uint8_t digest[DIGEST_SIZE] = {0};
    const Newsloom__V1__KnownAnswer *known = NULL;
    struct row_walk *walk = paging->walk;
    size_t count = (size_t)PQntuples(result);
    for (size_t i = 0; i < count; i++) {
        int row = (int)i;
        rows[i] = (struct held_row){.article_id = row_int8(result, row, 0),
                                    .source = PQgetvalue(result, row, 1),
                                    .key = PQgetvalue(result, row, 2),
                                    .revision = (uint32_t)row_int4(result, row, 3),
                                    .has_content = row_int4(result, row, 5) > 0};
        (void)row_bytes(result, row, 4, digest, DIGEST_SIZE);
        newsloom_known_name(rows[i].source, rows[i].key, digest, names[i]);
    }
    enum status status = newsloom_operator_known(walk->session->op, names[0], count, &known, err);
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        rows[i].state = known->states[i];
        rows[i].broker_article_id = known->article_ids[i];
        rows[i].sequence = known->sequences[i];
        count_row(walk, rows[i].state);
    }
    /* the answer ends with the next question, which the callback may put */
    for (size_t i = 0; status == STATUS_OK && i < count; i++)
        status = walk->on_row(walk->context, &rows[i], err);
    return status;
}

/* *ret_count: rows of this page; 0: there are no more. */
static enum status walk_page(struct paging *paging, size_t *ret_count, struct error *err)
{
    char after[ID_DIGITS];
    const char *const parameters[] = {after, paging->since};
    struct row_walk *walk = paging->walk;
    (void)snprintf(after, sizeof(after), "%" PRId64, paging->after);
    PGresult *result =
        PQexecParams(walk->session->database, page_question, 2, NULL, parameters, NULL, NULL, 1);
    enum status status = STATUS_OK;
    *ret_count = 0;
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        status = row_failed(walk->session->database, err);
    } else if (PQntuples(result) > 0) {
        *ret_count = (size_t)PQntuples(result);
        paging->after = row_int8(result, PQntuples(result) - 1, 0);
        status = look_up(paging, result, err);
    }
    PQclear(result);
    return status;
}

enum status row_walk_run(struct row_walk *walk, struct error *err)
{
    struct paging paging = {.walk = walk};
    size_t count = 1;
    (void)snprintf(paging.since, sizeof(paging.since), "%" PRId64, walk->since_ms);
    enum status status = find_ends(&paging, err);
    while (status == STATUS_OK && count > 0 && paging.after < paging.last_id) {
        status = interrupt_count() ? error_set(err, STATUS_AGAIN, "interrupted")
                                   : walk_page(&paging, &count, err);
        session_progress(walk->session,
                         (double)(paging.after - paging.first_id + 1) /
                             (double)(paging.last_id - paging.first_id + 1),
                         walk->rows, "rows", walk->note);
    }
    return status;
}
