// SPDX-License-Identifier: Apache-2.0
/*
 * newsloom-reextract - have stored articles extracted again, from the pages that their rows keep.
 *
 * Each row is submitted as its next generation. The broker supersedes the article it has an end of,
 * a worker extracts it anew and replaces the row's facts, and the log gets an entry REPLACED.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "client/command/database.h"
#include "client/command/interrupt.h"
#include "client/command/print.h"
#include "proto/envelope.h"
#include "recovery/pages.h"
#include "recovery/row_facts.h"
#include "worker/store/copies.h"

#define ID_DIGITS   24
#define HEX_DIGITS  "0123456789abcdef"
#define DIGEST_TEXT 64

/* The walk goes by article_id, which a replaced row keeps: none is seen twice. $6: only what was
 * stored beside an earlier article that it is a near copy of, and found no trace of it. */
#define WANTED                                                                          \
    " FROM newsloom.article a JOIN newsloom.source s USING (source_id)"                 \
    " WHERE a.article_id > $1::bigint AND a.stored_at < $2::timestamptz"                \
    " AND ($3::text IS NULL OR s.name = $3) AND ($4::text IS NULL OR a.key = $4)"       \
    " AND ($5::text IS NULL OR NOT starts_with(encode(a.model_digest, 'hex'), $5))"     \
    " AND ($6::integer IS NULL OR (a.duplicate_of IS NULL AND EXISTS (SELECT"           \
    " FROM newsloom.article o WHERE o.bands && a.bands AND o.article_id < a.article_id" \
    " AND bit_count((o.sketch # a.sketch)::bit(64)) <= $6"                              \
    " AND NOT (o.source_id = a.source_id AND o.key = a.key))))"

static const char clock_question[] = "SELECT now()::text";
static const char count_question[] = "SELECT count(*), count(*) FILTER (WHERE"
                                     " octet_length(a.content) = 0)" WANTED;
static const char page_question[] =
    "SELECT " PAGE_COLUMNS ", a.article_id, s.name, a.key, a.revision, a.generation" WANTED
    " ORDER BY a.article_id LIMIT 16";

enum { WISH_AFTER, WISH_BEFORE, WISH_SOURCE, WISH_KEY, WISH_MODEL, WISH_COPIES, WISH_COUNT };
enum column {
    COLUMN_ID = PAGE_COLUMN_COUNT,
    COLUMN_SOURCE,
    COLUMN_KEY,
    COLUMN_REVISION,
    COLUMN_GENERATION,
};

struct reextracting {
    struct session session;
    struct pages pages;
    bool dry_run;
    const char *wishes[WISH_COUNT]; /* NULL: all */
    char after[ID_DIGITS];
    char *before;
    char *source; /* of SOURCE/KEY */
    char copy_bits[ID_DIGITS];
    uint64_t wanted;
    uint64_t walked;
    uint64_t left;
};

/* ---- which ---- */

static int read_wishes(struct reextracting *r, const struct invocation *invocation)
{
    const char *model = invocation_text(invocation, "except-model");
    const char *operand = invocation->operand_count ? invocation->operands[0] : NULL;
    const char *slash = operand ? strchr(operand, '/') : NULL;
    r->dry_run = invocation_has(invocation, "dry-run");
    r->wishes[WISH_AFTER] = r->after;
    r->wishes[WISH_BEFORE] = invocation_text(invocation, "before");
    r->wishes[WISH_SOURCE] = invocation_text(invocation, "source");
    r->wishes[WISH_MODEL] = model;
    (void)snprintf(r->copy_bits, sizeof(r->copy_bits), "%d", COPY_BITS);
    if (invocation_has(invocation, "unmarked-copies"))
        r->wishes[WISH_COPIES] = r->copy_bits;
    if (invocation->operand_count > 1 || (operand && r->wishes[WISH_SOURCE]))
        return complain_usage(invocation, "name one SOURCE/KEY, or articles by options");
    if (operand && (!slash || !slash[1]))
        return complain_usage(invocation, "\"%.60s\" is not SOURCE/KEY", operand);
    if (operand) {
        r->source = text_format("%.*s", (int)(slash - operand), operand);
        r->wishes[WISH_SOURCE] = r->source;
        r->wishes[WISH_KEY] = slash + 1;
    }
    if (r->wishes[WISH_SOURCE] && !source_is_valid(r->wishes[WISH_SOURCE]))
        return complain_usage(invocation, "\"%.60s\" is no source: 1 to 64 bytes of a-z 0-9 . _ -",
                              r->wishes[WISH_SOURCE]);
    if (model &&
        (!*model || strlen(model) > DIGEST_TEXT || strspn(model, HEX_DIGITS) != strlen(model)))
        return complain_usage(invocation, "--except-model is the beginning of a model's digest in "
                                          "hexadecimal, as a worker says it when it starts");
    if (!r->wishes[WISH_SOURCE] && !model && !r->wishes[WISH_BEFORE] && !r->wishes[WISH_COPIES] &&
        !invocation_has(invocation, "all"))
        return complain_usage(invocation, "say which articles: SOURCE/KEY, --source, "
                                          "--except-model, --before, --unmarked-copies, or --all");
    return EX_OK;
}

/* What is stored from now on is not asked for: it was extracted just now. */
static enum status fix_moment(struct reextracting *r, struct error *err)
{
    PGresult *result = NULL;
    if (r->wishes[WISH_BEFORE])
        return STATUS_OK;
    enum status status = database_ask(r->session.database, clock_question, NULL, 0, &result, err);
    if (status != STATUS_OK)
        return status;
    r->before = text_copy(PQgetvalue(result, 0, 0));
    r->wishes[WISH_BEFORE] = r->before;
    database_clear(&result);
    return STATUS_OK;
}

static enum status count_rows(struct reextracting *r, struct error *err)
{
    PGresult *result = NULL;
    enum status status = fix_moment(r, err);
    (void)snprintf(r->after, sizeof(r->after), "0");
    if (status == STATUS_OK)
        status =
            database_ask(r->session.database, count_question, r->wishes, WISH_COUNT, &result, err);
    if (status != STATUS_OK)
        return status;
    r->wanted = strtoull(PQgetvalue(result, 0, 0), NULL, 10);
    if (r->dry_run)
        r->left = strtoull(PQgetvalue(result, 0, 1), NULL, 10);
    database_clear(&result);
    bool is_named =
        r->wishes[WISH_KEY] && r->before && !r->wishes[WISH_MODEL] && !r->wishes[WISH_COPIES];
    if (is_named && r->wanted == 0)
        return error_set(err, STATUS_NOT_FOUND,
                         "there is no article %.64s/%.100s in PostgreSQL: nothing was submitted",
                         r->wishes[WISH_SOURCE], r->wishes[WISH_KEY]);
    return STATUS_OK;
}

/* ---- submitting ---- */

static enum status submit_row(struct reextracting *r, const PGresult *result, int at,
                              struct error *err)
{
    struct error why;
    const struct page_name name = {
        .source = PQgetvalue(result, at, COLUMN_SOURCE),
        .key = PQgetvalue(result, at, COLUMN_KEY),
        .revision = (uint32_t)row_int4(result, at, COLUMN_REVISION),
        .generation = (uint32_t)row_int4(result, at, COLUMN_GENERATION) + 1,
    };
    enum status status = pages_submit(&r->pages, &name, result, at, &why);
    if (status == STATUS_OK)
        return STATUS_OK;
    if (status != STATUS_NOT_FOUND)
        return error_set(err, status, "%s", why.text);
    const struct finding finding = {.what = "left",
                                    .source = name.source,
                                    .key = name.key,
                                    .revision = name.revision,
                                    .why = why.text};
    r->left++;
    session_tell(&r->session, &finding);
    return STATUS_OK;
}

/* *ret_count: rows of this page; 0: there are no more. */
static enum status submit_page(struct reextracting *r, int *ret_count, struct error *err)
{
    PGresult *result = PQexecParams(r->session.database, page_question, WISH_COUNT, NULL, r->wishes,
                                    NULL, NULL, 1);
    enum status status = STATUS_OK;
    *ret_count = 0;
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        status = row_failed(r->session.database, err);
    else
        *ret_count = PQntuples(result);
    for (int at = 0; status == STATUS_OK && at < *ret_count; at++) {
        (void)snprintf(r->after, sizeof(r->after), "%" PRId64, row_int8(result, at, COLUMN_ID));
        r->walked++;
        status = submit_row(r, result, at, err);
    }
    PQclear(result);
    return status;
}

static enum status submit_all(struct reextracting *r, struct error *err)
{
    int count = 1;
    enum status status = pages_open(&r->pages, &r->session, err);
    while (status == STATUS_OK && count > 0) {
        status = interrupt_count() ? error_set(err, STATUS_AGAIN, "interrupted")
                                   : submit_page(r, &count, err);
        session_progress(&r->session, r->wanted ? (double)r->walked / (double)r->wanted : 1,
                         r->walked, "articles", "submitted");
    }
    if (status == STATUS_OK)
        status = pages_finish(&r->pages, err);
    pages_close(&r->pages);
    r->left += r->pages.refused;
    return status;
}

/* ---- the end ---- */

static void print_left(uint64_t count, const char *why)
{
    if (count)
        (void)printf(", %" PRIu64 " left: %s", count, why);
}

static void print_result(const struct reextracting *r)
{
    uint64_t submitted = r->dry_run ? r->wanted - r->left : r->pages.accepted;
    if (r->session.as_json) {
        json_t *value = json_pack("{sb ss sI sI sI sI}", "dry_run", r->dry_run, "before",
                                  r->wishes[WISH_BEFORE], "submitted", (json_int_t)submitted,
                                  "on_their_way", (json_int_t)r->pages.open, "already",
                                  (json_int_t)r->pages.ended, "left", (json_int_t)r->left);
        json_print_line(&value, stdout);
        return;
    }
    (void)printf("%" PRIu64 " articles %ssubmitted to be extracted again", submitted,
                 r->dry_run ? "would be " : "");
    print_left(r->pages.open, "on their way already");
    print_left(r->pages.ended, "of this generation already");
    print_left(r->left, "for another reason");
    (void)printf("\n");
}

static int run(struct invocation *invocation)
{
    struct error err;
    struct reextracting r = {0};
    int64_t limit = 0;
    int code = invocation_number(invocation, "limit", &limit, &err) == STATUS_OK
                   ? read_wishes(&r, invocation)
                   : complain_usage(invocation, "%s", err.text);
    if (code != EX_OK) {
        free(r.source);
        return code;
    }
    enum status status = session_open(&r.session, invocation, &err);
    if (status == STATUS_OK)
        status = count_rows(&r, &err);
    bool is_counted = status == STATUS_OK;
    if (status == STATUS_OK && !r.dry_run)
        status = submit_all(&r, &err);
    progress_clear(&r.session.progress);
    if (is_counted)
        print_result(&r);
    code = r.left + r.pages.open + r.pages.ended > 0 ? EXIT_FINDINGS : EX_OK;
    if (status != STATUS_OK) {
        code = complain(invocation, &err);
        code = interrupt_count() ? EXIT_INTERRUPTED : code;
        if (is_counted)
            (void)fprintf(stderr, "newsloom reextract: to go on, add --before '%s'\n",
                          r.wishes[WISH_BEFORE]);
    }
    session_close(&r.session);
    free(r.source);
    free(r.before);
    return code;
}

int main(int argc, char **argv)
{
    return invocation_helper_main("reextract", run, argc, argv);
}
