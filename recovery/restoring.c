// SPDX-License-Identifier: Apache-2.0
#include "recovery/restoring.h"

#include <string.h>

#include "common/arena.h"

#define GROUP_LIMIT 32 /* rows of one transaction */

struct group {
    struct article_row rows[GROUP_LIMIT];
    const struct logged *logged[GROUP_LIMIT];
    size_t count;
};

static void tell(struct restoring *r, const struct logged *logged, const char *what,
                 const char *why)
{
    const struct finding finding = {.what = what,
                                    .source = logged->extraction->source,
                                    .key = logged->extraction->key,
                                    .revision = logged->extraction->revision,
                                    .sequence = logged->sequence,
                                    .why = why};
    session_tell(r->session, &finding);
}

static void leave(struct restoring *r, const struct logged *logged, const char *why)
{
    r->left++;
    tell(r, logged, "left", why);
}

/* What the entry holds; the page itself was never in the log. */
static void fill_row(struct article_row *row, const struct logged *logged)
{
    Newsloom__V1__Extraction *extraction = logged->extraction;
    *row = (struct article_row){
        .arena = logged->arena,
        .broker_article_id = logged->broker_article_id,
        .source = extraction->source,
        .key = extraction->key,
        .revision = extraction->revision,
        .generation = extraction->generation,
        .content = "",
        .content_type = "",
        .charset = "",
        .trace_id = "",
        .text = "",
        .extraction = extraction,
        .packed = logged->packed,
        .packed_size = logged->size,
        .article_id = logged->row.article_id,
        .verbatim = true,
    };
    memcpy(row->packed_digest, logged->digest, DIGEST_SIZE);
    memcpy(row->content_digest, extraction->content_digest.data, DIGEST_SIZE);
}

/* ---- rows ---- */

static void note_end(struct restoring *r, const struct article_row *row,
                     const struct logged *logged)
{
    bool same = memcmp(row->packed_digest, logged->digest, DIGEST_SIZE) == 0;
    if (row->end == ROW_STORED || (row->end == ROW_FOUND && same)) {
        r->written++;
        tell(r, logged, logged->verdict == VERDICT_OLDER ? "older" : "missing", "written again");
    } else {
        leave(r, logged,
              row->end == ROW_FOUND ? "meanwhile another extraction stands there" : row->why);
    }
}

static enum status write_group(struct restoring *r, struct group *group, struct error *err)
{
    struct article_row *rows[GROUP_LIMIT];
    enum status status = STATUS_OK;
    for (size_t i = 0; i < group->count; i++)
        rows[i] = &group->rows[i];
    if (group->count > 0 && !r->dry_run)
        status = storage_save(r->storage, rows, group->count, err);
    for (size_t i = 0; i < group->count; i++) {
        if (r->dry_run) {
            r->written++;
            tell(r, group->logged[i],
                 group->logged[i]->verdict == VERDICT_OLDER ? "older" : "missing",
                 "would be written again");
        } else if (group->rows[i].end != ROW_OPEN) {
            note_end(r, &group->rows[i], group->logged[i]);
        }
    }
    group->count = 0;
    return status;
}

static bool names_one_of(const Newsloom__V1__ArticleName *name, const struct group *group)
{
    for (size_t i = 0; name && i < group->count; i++)
        if (name->revision == group->rows[i].revision &&
            strcmp(name->key, group->rows[i].key) == 0 &&
            strcmp(name->source, group->rows[i].source) == 0)
            return true;
    return false;
}

static bool is_in(const struct group *group, const Newsloom__V1__Extraction *extraction)
{
    const Newsloom__V1__ArticleName self = {
        .source = extraction->source, .key = extraction->key, .revision = extraction->revision};
    return names_one_of(&self, group);
}

static enum status add(struct restoring *r, struct group *group, const struct logged *logged,
                       struct error *err)
{
    enum status status = STATUS_OK;
    if (group->count == GROUP_LIMIT || is_in(group, logged->extraction) ||
        names_one_of(logged->extraction->duplicate_of, group))
        status = write_group(r, group, err);
    if (status != STATUS_OK)
        return status;
    fill_row(&group->rows[group->count], logged);
    group->logged[group->count++] = logged;
    return STATUS_OK;
}

/* ---- facts below a row ---- */

static enum status mend(struct restoring *r, const struct logged *logged, struct error *err)
{
    struct article_row row;
    struct error why;
    if (r->dry_run) {
        r->mended++;
        tell(r, logged, "torn", "its facts would be written again");
        return STATUS_OK;
    }
    fill_row(&row, logged);
    enum status status = storage_mend(r->storage, &row, &why);
    if (status == STATUS_OK) {
        r->mended++;
        tell(r, logged, "torn", "its facts were written again");
        return STATUS_OK;
    }
    if (status == STATUS_NOT_FOUND) {
        leave(r, logged, why.text);
        return STATUS_OK;
    }
    return error_set(err, status, "%s", why.text);
}

static bool is_sound(struct restoring *r, const struct logged *logged)
{
    struct article_row row = {.extraction = logged->extraction};
    struct error why;
    if (logged->extraction->content_digest.len == DIGEST_SIZE && row_check(&row, &why) == STATUS_OK)
        return true;
    leave(r, logged, "the entry's extraction is not sound");
    return false;
}

enum status restoring_batch(void *context, struct logged *batch, size_t count, struct error *err)
{
    struct restoring *r = context;
    struct group group = {.count = 0};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        const struct logged *logged = &batch[i];
        if (logged->verdict == VERDICT_SAME || logged->verdict == VERDICT_LATER)
            continue;
        if (logged->verdict == VERDICT_DIFFERENT)
            leave(r, logged, "another extraction stands there: PostgreSQL decides");
        else if (!is_sound(r, logged))
            continue;
        else if (logged->verdict == VERDICT_TORN)
            status = mend(r, logged, err);
        else
            status = add(r, &group, logged, err);
    }
    return status == STATUS_OK ? write_group(r, &group, err) : status;
}
