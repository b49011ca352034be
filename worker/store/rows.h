// SPDX-License-Identifier: Apache-2.0
/*
 * rows - one article with all that is stored of it, and the columns that a batch of them becomes.
 *
 * A row borrows everything from its arena, which must outlive the storing. What storage finds out
 * is written back into it: where it ended, and the bytes that are to be reported.
 */
#ifndef WORKER_STORE_ROWS_H
#define WORKER_STORE_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/digest.h"
#include "common/status.h"
#include "worker/store/array.h"
#include "worker/store/connection.h"

#include "extraction.pb-c.h"

#define ROW_WHY_SIZE 240

enum row_end {
    ROW_OPEN,    /* nothing is known yet */
    ROW_STORED,  /* written by us */
    ROW_FOUND,   /* somebody wrote it before; packed is theirs */
    ROW_REFUSED, /* cannot be stored; why says the reason */
    ROW_ABSENT,  /* look_only: nobody has stored it */
};

struct article_row {
    struct arena *arena;
    uint64_t broker_article_id;
    const char *source;
    const char *key;
    uint32_t revision;
    uint32_t generation;
    uint8_t content_digest[DIGEST_SIZE];
    const void *content;
    size_t content_size;
    const char *content_type;
    const char *charset;
    const char *labels; /* a JSON object */
    const char *trace_id;
    const char *text;
    size_t text_size;
    Newsloom__V1__Extraction *extraction; /* what packed says */
    const void *packed;
    size_t packed_size;
    uint8_t packed_digest[DIGEST_SIZE];

    bool verbatim;  /* packed is stored byte for byte: no original is looked for, no other
                       revision given; where that cannot be it ends REFUSED */
    bool look_only; /* write nothing: end FOUND or ABSENT; only identity and digest are read */
    enum row_end end;
    int64_t article_id; /* of PostgreSQL */
    bool permanent;     /* REFUSED: trying again cannot help */
    char why[ROW_WHY_SIZE];
    unsigned once_more;  /* judgements so far, kept between calls */
    unsigned losses;     /* connections lost while it was alone */
    unsigned slow;       /* statements cut off for taking too long while it was alone */
    uint64_t slow_since; /* transactions that were committed before the first of them */
};

/* Put the row's identity into its extraction and pack it. LIMIT when it is larger than the contract
 * allows, INVALID when an index or an id in it points nowhere. */
enum status row_pack(struct article_row *row, struct error *err) MUST_CHECK;

/* INVALID when an index or an id in its extraction points nowhere: ask before a verbatim row, which
 * nobody packed, is stored. */
enum status row_check(const struct article_row *row, struct error *err) MUST_CHECK;

/* Take bytes that were found in the database as what is reported. INVALID when they do not parse.
 */
enum status row_adopt(struct article_row *row, const void *packed, size_t size,
                      struct error *err) MUST_CHECK;

/* Identity, then revision: the order in which rows are written. */
int row_compare(const struct article_row *a, const struct article_row *b);

/* The parameters of SQL_INSERT_ARTICLE and SQL_UPDATE_ARTICLE; they borrow from row and its arena.
 */
void row_parameters(struct article_row *row, struct parameter parameters[ARTICLE_PARAMETERS]);

/* Its bands as an array, which lives in its arena. */
struct parameter row_bands(const struct article_row *row);

/* The children of many rows, one array a column. */
struct row_columns {
    struct array ids[1];
    struct array sources[1];
    struct array mentions[12];
    struct array roles[7];
    struct array events[11];
    struct array arguments[12];
    struct array entities[8];
    struct array aliases[2];
};

/* Fill all columns from the rows, which stand in the order of row_compare(). */
void row_columns_fill(struct row_columns *columns, struct article_row *const *rows, size_t count);
void row_columns_done(struct row_columns *columns);

#endif
