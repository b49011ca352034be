// SPDX-License-Identifier: Apache-2.0
/*
 * export - what is stored, for other tools: export.c reads the command line and drives,
 * export_tables.c holds the questions, export_brat.c writes one pair of files an article.
 *
 * Everything is read from one snapshot, row by row, in the memory of one row. A folder is filled
 * and export.json written last: without it the folder is not complete.
 */
#ifndef CLIENT_COMMAND_EXPORT_H
#define CLIENT_COMMAND_EXPORT_H

#include <jansson.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "client/command/invocation.h"
#include "client/command/progress.h"

/* One question; its parameters are those of every other: source, first day, last day, entity type,
 * event type, each or NULL for any. */
#define EXPORT_PARAMETERS 5
struct export_table {
    const char *name;    /* "mentions": of its file */
    const char *columns; /* for csv; NULL: it has no such form */
    const char *lines;   /* one column: the JSON of a line */
};

struct export_format {
    const char *name;
    const char *file; /* all tables go into it; NULL: a file each, named after the table */
    const char *ending;
    const struct export_table *tables; /* NULL: export_brat() */
    size_t table_count;
    bool as_csv;
};

extern const struct export_format export_formats[];
extern const size_t export_format_count;
/* Of whole articles, for export_brat(): the columns of a database_article. */
extern const char export_articles_sql[];

struct export
{
    struct invocation *invocation;
    const struct export_format *format;
    PGconn *connection;
    const char *parameters[EXPORT_PARAMETERS];
    const char *folder; /* NULL: standard output */
    struct progress progress;
    const char *table; /* at work on it */
    uint64_t count;    /* rows of it */
    json_t *counts;    /* of each table that is done */
    FILE *out;
    uint64_t without_text; /* articles left out of a format that is made of text */
};

/* Of entities and events, from the parameters: NULL when any will do. */
const char *export_entity_type(const struct export *export);
const char *export_event_type(const struct export *export);

/* A file in the folder, or standard output; the reason when it cannot be made. */
enum status export_open(struct export *export, const char *name, const char *ending, FILE **ret_out,
                        struct error *err) MUST_CHECK;
/* Nothing of it is lost: written and closed; standard output is flushed. */
enum status export_close(struct export *export, FILE **out_p, struct error *err) MUST_CHECK;
/* After each row: draws, and says when to stop: interrupted, or out is broken. */
enum status export_step(struct export *export, FILE *out, struct error *err) MUST_CHECK;

enum status export_brat(struct export *export, struct error *err) MUST_CHECK;

#endif
