// SPDX-License-Identifier: Apache-2.0
/*
 * database_article - one article as PostgreSQL has it: its text, and what was found in it.
 *
 * Facts are read from the row's extraction, which is byte for byte what subscribers got and what
 * the tables hold; sections stand nowhere else. Entities that were judged to be another are
 * resolved as the views do. A row that `newsloom repair` wrote again has facts and no text.
 *
 * Ownership: owns everything that it hands out.
 */
#ifndef CLIENT_COMMAND_DATABASE_ARTICLE_H
#define CLIENT_COMMAND_DATABASE_ARTICLE_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/status.h"
#include "proto/envelope.h"

/* The columns of a query that database_article_of_row() reads, in their order. */
#define DATABASE_ARTICLE_COLUMNS                                                              \
    "a.article_id, s.name AS source, a.key, a.revision, a.generation, a.url, a.title,"        \
    " a.author, a.publisher, a.published, a.reported_on, a.stored_at, a.text, a.extraction, " \
    "a.duplicate_of"
#define DATABASE_ARTICLE_COLUMN_COUNT 15

struct judgement {
    char *name; /* of the entity that stands for it; NULL: it stands for itself */
    char *entity_id;
};

struct database_article {
    int64_t article_id;
    int64_t duplicate_of; /* 0: of nothing that was known */
    uint32_t revision;
    uint32_t generation;
    uint32_t newest_revision; /* of those stored */
    char *source;
    char *key;
    char *url;
    char *title;
    char *author;
    char *publisher;
    char *published;
    char *reported_on;
    char *stored_at;
    char *text;
    size_t *offsets; /* of each code point in text, and of the end */
    size_t length;   /* code points */
    const Newsloom__V1__Extraction *found;
    struct judgement *judgements; /* as many as found->entities */
    struct arena *arena;
};

/* name: an article_id, a URL, or SOURCE/KEY. revision 0: the newest. NOT_FOUND: nothing is stored
 * under it; INVALID: several are, or it is no name. */
enum status database_article_find(PGconn *connection, const char *name, uint32_t revision,
                                  struct database_article *article, struct error *err) MUST_CHECK;
/* From one row of a query for DATABASE_ARTICLE_COLUMNS; judgements are not asked. */
enum status database_article_of_row(const PGresult *result, int row,
                                    struct database_article *article, struct error *err) MUST_CHECK;
void database_article_done(struct database_article *article);

/* The text between two places; ends that lie beyond it are its end. */
const char *database_article_part(const struct database_article *article, uint32_t start,
                                  uint32_t end, size_t *ret_size);

/* By the contract's name; "?" when this build does not know it. */
const char *contract_name(const ProtobufCEnumDescriptor *type, int value);

#endif
