// SPDX-License-Identifier: Apache-2.0
#include "recovery/row_facts.h"

#include <endian.h>
#include <string.h>

#include "worker/store/array.h"

static const char question[] =
    "SELECT x.n, a.article_id, a.generation, a.extraction_digest, sha256(a.extraction),"
    " (SELECT count(*) FROM newsloom.mention c WHERE c.article_id = a.article_id),"
    " (SELECT count(*) FROM newsloom.role c WHERE c.article_id = a.article_id),"
    " (SELECT count(*) FROM newsloom.event c WHERE c.article_id = a.article_id),"
    " (SELECT count(*) FROM newsloom.event_argument c WHERE c.article_id = a.article_id)"
    " FROM unnest($1, $2, $3, $4) x (n, source, key, revision)"
    " JOIN newsloom.source s ON s.name = x.source"
    " JOIN newsloom.article a ON a.source_id = s.source_id AND a.key = x.key"
    " AND a.revision = x.revision";

enum { COLUMN_COUNT = 4 };

int64_t row_int8(const PGresult *result, int row, int column)
{
    uint64_t wire = 0;
    (void)row_bytes(result, row, column, &wire, sizeof(wire));
    return (int64_t)be64toh(wire);
}

int32_t row_int4(const PGresult *result, int row, int column)
{
    uint32_t wire = 0;
    (void)row_bytes(result, row, column, &wire, sizeof(wire));
    return (int32_t)be32toh(wire);
}

bool row_bytes(const PGresult *result, int row, int column, void *ret_bytes, size_t size)
{
    if (PQgetlength(result, row, column) != (int)size)
        return false;
    memcpy(ret_bytes, PQgetvalue(result, row, column), size);
    return true;
}

enum status row_failed(PGconn *database, struct error *err)
{
    const char *text = PQerrorMessage(database);
    return error_set(err, STATUS_AGAIN, "could not ask PostgreSQL: %.*s", (int)strcspn(text, "\n"),
                     text);
}

static void take_one(const PGresult *result, int row, struct row_facts *facts)
{
    facts->is_there = true;
    facts->article_id = row_int8(result, row, 1);
    facts->generation = (uint32_t)row_int4(result, row, 2);
    (void)row_bytes(result, row, 3, facts->extraction_digest, DIGEST_SIZE);
    (void)row_bytes(result, row, 4, facts->sha256, ROW_SHA256_SIZE);
    facts->counts = (struct row_counts){.mentions = row_int8(result, row, 5),
                                        .roles = row_int8(result, row, 6),
                                        .events = row_int8(result, row, 7),
                                        .arguments = row_int8(result, row, 8)};
}

static PGresult *ask(PGconn *database, struct array columns[COLUMN_COUNT])
{
    const Oid types[COLUMN_COUNT] = {PG_INT4_ARRAY, PG_TEXT_ARRAY, PG_TEXT_ARRAY, PG_INT4_ARRAY};
    const int formats[COLUMN_COUNT] = {1, 1, 1, 1};
    const char *values[COLUMN_COUNT];
    int lengths[COLUMN_COUNT];
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        array_finish(&columns[i]);
        values[i] = (const char *)columns[i].bytes;
        lengths[i] = (int)columns[i].size;
    }
    return PQexecParams(database, question, COLUMN_COUNT, types, values, lengths, formats, 1);
}

enum status row_facts_ask(PGconn *database, const Newsloom__V1__Extraction *const *extractions,
                          size_t count, struct row_facts *ret_facts, struct error *err)
{
    const enum pg_type types[COLUMN_COUNT] = {PG_INT4, PG_TEXT, PG_TEXT, PG_INT4};
    struct array columns[COLUMN_COUNT] = {0};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        array_clear(&columns[i], types[i]);
    for (size_t i = 0; i < count; i++) {
        ret_facts[i] = (struct row_facts){0};
        array_add_int4(&columns[0], (int32_t)i);
        array_add_text(&columns[1], extractions[i]->source);
        array_add_text(&columns[2], extractions[i]->key);
        array_add_int4(&columns[3], (int32_t)extractions[i]->revision);
    }
    PGresult *result = ask(database, columns);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        status = row_failed(database, err);
    for (int row = 0; status == STATUS_OK && row < PQntuples(result); row++) {
        size_t at = (size_t)row_int4(result, row, 0);
        if (at < count)
            take_one(result, row, &ret_facts[at]);
    }
    PQclear(result);
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        array_done(&columns[i]);
    return status;
}
