// SPDX-License-Identifier: Apache-2.0
/*
 * newsloom-verify - do the broker's store, the event log and the database agree? Reads only.
 */
#include <inttypes.h>
#include <jansson.h>
#include <sysexits.h>

#include "client/command/interrupt.h"
#include "client/command/print.h"
#include "recovery/log_walk.h"
#include "recovery/row_walk.h"

struct verifying {
    struct session session;
    struct log_walk log;
    struct row_walk rows;
    uint64_t articles; /* of the store */
    uint64_t entries;
    uint64_t flaws; /* that the broker found in its store */
};

/* ---- the store ---- */

static void tell_flaws(struct verifying *v, const Newsloom__V1__CheckAnswer *answer)
{
    v->flaws += answer->finding_count;
    for (size_t i = 0; i < answer->n_findings; i++) {
        const struct finding finding = {.what = "store", .why = answer->findings[i]};
        session_tell(&v->session, &finding);
    }
}

static enum status verify_store(struct verifying *v, struct error *err)
{
    Newsloom__V1__CheckRequest request = NEWSLOOM__V1__CHECK_REQUEST__INIT;
    const Newsloom__V1__CheckAnswer *answer = NULL;
    enum status status = STATUS_OK;
    bool is_over = false;
    while (status == STATUS_OK && !is_over) {
        if (interrupt_count())
            return error_set(err, STATUS_AGAIN, "interrupted");
        status = newsloom_operator_check(v->session.op, &request, &answer, err);
        if (status != STATUS_OK)
            break;
        tell_flaws(v, answer);
        v->articles += answer->articles;
        v->entries += answer->entries;
        request.after_article = answer->after_article;
        request.after_sequence = answer->after_sequence;
        is_over = answer->is_over;
        session_progress(&v->session, -1, v->articles + v->entries, "records", "of the store");
    }
    return status;
}

/* ---- the log, the rows ---- */

static const char *const verdict_names[VERDICT_COUNT] = {"same",  "later", "missing",
                                                         "older", "torn",  "different"};
static const char *const verdict_texts[VERDICT_COUNT] = {
    [VERDICT_SAME] = "",
    [VERDICT_LATER] = "",
    [VERDICT_MISSING] = "there is no row",
    [VERDICT_OLDER] = "the row is of an earlier generation",
    [VERDICT_TORN] = "the facts below the row are not complete",
    [VERDICT_DIFFERENT] = "the stored extraction is not the one of the entry",
};

static enum status on_batch(void *context, struct logged *batch, size_t count, struct error *err)
{
    struct verifying *v = context;
    (void)err;
    for (size_t i = 0; i < count; i++) {
        const struct logged *logged = &batch[i];
        if (logged->verdict == VERDICT_SAME || logged->verdict == VERDICT_LATER)
            continue;
        const struct finding finding = {.what = verdict_names[logged->verdict],
                                        .source = logged->extraction->source,
                                        .key = logged->extraction->key,
                                        .revision = logged->extraction->revision,
                                        .sequence = logged->sequence,
                                        .why = verdict_texts[logged->verdict]};
        session_tell(&v->session, &finding);
    }
    return STATUS_OK;
}

static enum status on_row(void *context, const struct held_row *row, struct error *err)
{
    struct verifying *v = context;
    (void)err;
    bool unknown = row->state == NEWSLOOM__V1__STATE__STATE_UNKNOWN;
    if (!unknown && row->state != NEWSLOOM__V1__STATE__DEAD)
        return STATUS_OK;
    const struct finding finding = {
        .what = unknown ? "unknown" : "dead",
        .source = row->source,
        .key = row->key,
        .revision = row->revision,
        .sequence = row->sequence,
        .why = unknown ? "there is a row, and the broker knows no such article"
                       : "there is a row, and the broker has a dead letter",
    };
    session_tell(&v->session, &finding);
    return STATUS_OK;
}

/* ---- the end ---- */

static uint64_t finding_count(const struct verifying *v)
{
    const uint64_t *verdicts = v->log.verdicts;
    return v->flaws + v->log.gaps + verdicts[VERDICT_MISSING] + verdicts[VERDICT_OLDER] +
           verdicts[VERDICT_TORN] + verdicts[VERDICT_DIFFERENT] + v->rows.unknown + v->rows.dead;
}

static void print_json(const struct verifying *v, bool clean)
{
    json_t *value =
        json_pack("{sb sI sI sI sI sI sI}", "clean", clean, "store_articles",
                  (json_int_t)v->articles, "store_entries", (json_int_t)v->entries,
                  "store_findings", (json_int_t)v->flaws, "entries", (json_int_t)v->log.entries,
                  "gaps", (json_int_t)v->log.gaps, "bare", (json_int_t)v->log.bare);
    for (size_t i = 0; i < VERDICT_COUNT; i++)
        (void)json_object_set_new(value, verdict_names[i],
                                  json_integer((json_int_t)v->log.verdicts[i]));
    (void)json_object_set_new(value, "rows", json_integer((json_int_t)v->rows.rows));
    (void)json_object_set_new(value, "unknown", json_integer((json_int_t)v->rows.unknown));
    (void)json_object_set_new(value, "dead", json_integer((json_int_t)v->rows.dead));
    (void)json_object_set_new(value, "open", json_integer((json_int_t)v->rows.open));
    json_print_line(&value, stdout);
}

static void print_text(const struct verifying *v, bool clean)
{
    const uint64_t *verdicts = v->log.verdicts;
    uint64_t all = finding_count(v);
    if (v->session.told < all)
        (void)printf("… and %" PRIu64 " more; --limit 0 tells all\n", all - v->session.told);
    (void)printf("store     %" PRIu64 " articles, %" PRIu64 " entries: %" PRIu64 " do not fit\n",
                 v->articles, v->entries, v->flaws);
    (void)printf("log       %" PRIu64 " entries: %" PRIu64 " gaps, %" PRIu64
                 " without a row, %" PRIu64 " older, %" PRIu64 " torn, %" PRIu64 " different\n",
                 v->log.entries, v->log.gaps, verdicts[VERDICT_MISSING], verdicts[VERDICT_OLDER],
                 verdicts[VERDICT_TORN], verdicts[VERDICT_DIFFERENT]);
    (void)printf("database  %" PRIu64 " rows: %" PRIu64 " unknown to the broker, %" PRIu64
                 " dead there, %" PRIu64 " on their way\n",
                 v->rows.rows, v->rows.unknown, v->rows.dead, v->rows.open);
    (void)puts(clean ? "everything agrees" : "they do not agree: `newsloom repair --dry-run`");
}

static enum status verify(struct verifying *v, struct error *err)
{
    struct session *session = &v->session;
    enum status status = verify_store(v, err);
    v->log = (struct log_walk){
        .session = session, .on_batch = on_batch, .context = v, .note = "of the log"};
    if (status == STATUS_OK)
        status = log_walk_run(&v->log, err);
    v->rows = (struct row_walk){.session = session,
                                .since_ms = session->first_retained > 1 ? v->log.first_at_ms : 0,
                                .on_row = on_row,
                                .context = v,
                                .note = "of the database"};
    if (status == STATUS_OK)
        status = row_walk_run(&v->rows, err);
    progress_clear(&session->progress);
    return status;
}

static int run(struct invocation *invocation)
{
    struct error err;
    struct verifying v = {0};
    int code = session_check_usage(invocation);
    if (code != EX_OK)
        return code;
    enum status status = session_open(&v.session, invocation, &err);
    if (status == STATUS_OK)
        status = verify(&v, &err);
    if (status != STATUS_OK) {
        progress_clear(&v.session.progress);
        code = complain(invocation, &err);
        code = interrupt_count() ? EXIT_INTERRUPTED : code;
    } else {
        bool clean = finding_count(&v) == 0;
        if (v.session.as_json)
            print_json(&v, clean);
        else
            print_text(&v, clean);
        code = clean ? EX_OK : EXIT_FINDINGS;
    }
    session_close(&v.session);
    return code;
}

int main(int argc, char **argv)
{
    return invocation_helper_main("verify", run, argc, argv);
}
