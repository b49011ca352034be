// SPDX-License-Identifier: Apache-2.0
#include "worker/store/copies.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

typedef Newsloom__V1__ArticleName article_name;

static unsigned distance(uint64_t a, uint64_t b)
{
    return (unsigned)__builtin_popcountll(a ^ b);
}

struct lookup {
    struct article_row **rows; /* those with bands, in the order of their statements */
    article_name **originals;  /* of the same; NULL: none */
};

static article_name *name_new(struct arena *arena, const char *source, const char *key,
                              uint32_t revision)
{
    article_name *name = arena_take(arena, 1, sizeof *name);
    newsloom__v1__article_name__init(name);
    name->source = arena_text(arena, source, strlen(source));
    name->key = arena_text(arena, key, strlen(key));
    name->revision = revision;
    return name;
}

static void take_original(int number, PGresult *result, void *context)
{
    struct lookup *lookup = context;
    uint32_t revision;
    if (PQntuples(result) != 1)
        return;
    ENSURE(PQgetlength(result, 0, 2) == (int)sizeof revision);
    memcpy(&revision, PQgetvalue(result, 0, 2), sizeof revision);
    lookup->originals[number] = name_new(lookup->rows[number]->arena, PQgetvalue(result, 0, 0),
                                         PQgetvalue(result, 0, 1), be32toh(revision));
}

static void send_lookup(struct connection *connection, const struct article_row *row,
                        int64_t before_id)
{
    int64_t sketch;
    memcpy(&sketch, &row->extraction->sketch, sizeof sketch);
    const struct parameter parameters[] = {
        row_bands(row),
        {.bytes = arena_format(row->arena, "%lld", (long long)sketch)},
        {.bytes = arena_format(row->arena, "%d", COPY_BITS)},
        {.bytes = row->source},
        {.bytes = row->key},
        {.bytes = arena_format(row->arena, "%lld", (long long)before_id)},
    };
    storage_connection_send(connection, SQL_FIND_ORIGINAL, parameters);
}

static bool have_common_band(const Newsloom__V1__Extraction *a, const Newsloom__V1__Extraction *b)
{
    for (size_t i = 0; i < a->n_bands; i++)
        for (size_t k = 0; k < b->n_bands; k++)
            if (a->bands[i] == b->bands[k])
                return true;
    return false;
}

static bool is_copy(const struct article_row *a, const struct article_row *b)
{
    bool is_revision = strcmp(a->source, b->source) == 0 && strcmp(a->key, b->key) == 0;
    return !is_revision && distance(a->extraction->sketch, b->extraction->sketch) <= COPY_BITS &&
           have_common_band(a->extraction, b->extraction);
}

/* The first original of its own batch that it is a copy of. */
static article_name *find_among(struct article_row *const *rows, article_name *const *originals,
                                size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (!originals[i] && is_copy(rows[i], rows[at]))
            return name_new(rows[at]->arena, rows[i]->source, rows[i]->key, rows[i]->revision);
    return NULL;
}

static bool is_same(const article_name *a, const article_name *b)
{
    return (!a && !b) || (a && b && a->revision == b->revision &&
                          strcmp(a->source, b->source) == 0 && strcmp(a->key, b->key) == 0);
}

static void mark(struct article_row *row, article_name *original)
{
    struct error err;
    if (is_same(row->extraction->duplicate_of, original))
        return;
    row->extraction->duplicate_of = original;
    if (row_pack(row, &err) == STATUS_OK)
        return;
    row->extraction->duplicate_of = NULL; /* a few bytes too many: it is stored unmarked */
    ENSURE(row_pack(row, &err) == STATUS_OK);
}

enum status copies_find(struct connection *connection, struct article_row **rows, size_t count,
                        int64_t before_id, struct failure *failure)
{
    struct lookup lookup = {.rows = memory_new(count * sizeof(*lookup.rows)),
                            .originals = memory_new(count * sizeof(*lookup.originals))};
    size_t asked = 0;
    for (size_t i = 0; i < count; i++)
        if (rows[i]->extraction->n_bands > 0 && !rows[i]->verbatim)
            lookup.rows[asked++] = rows[i];
    for (size_t i = 0; i < asked; i++)
        send_lookup(connection, lookup.rows[i], before_id);
    enum status status =
        asked ? storage_connection_finish(connection, take_original, &lookup, failure) : STATUS_OK;
    for (size_t i = 0; i < asked && status == STATUS_OK; i++) {
        if (!lookup.originals[i])
            lookup.originals[i] = find_among(lookup.rows, lookup.originals, i);
        mark(lookup.rows[i], lookup.originals[i]);
    }
    free(lookup.originals);
    free(lookup.rows);
    return status;
}
