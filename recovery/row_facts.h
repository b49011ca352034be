// SPDX-License-Identifier: Apache-2.0
/*
 * row_facts - what PostgreSQL holds of articles that the log speaks of, many in one question.
 *
 * Only digests and counts travel: the stored bytes are digested where they stand.
 */
#ifndef RECOVERY_ROW_FACTS_H
#define RECOVERY_ROW_FACTS_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "common/digest.h"
#include "common/status.h"

#include "extraction.pb-c.h"

#define ROW_SHA256_SIZE 32

struct row_counts {
    int64_t mentions;
    int64_t roles;
    int64_t events;
    int64_t arguments;
};

struct row_facts {
    int64_t article_id;
    struct row_counts counts;
    uint8_t extraction_digest[DIGEST_SIZE]; /* as its column says */
    uint8_t sha256[ROW_SHA256_SIZE];        /* of the bytes */
    uint32_t generation;
    bool is_there;
};

/* By source, key and revision of each extraction; one fact each, in their order. */
enum status row_facts_ask(PGconn *database, const Newsloom__V1__Extraction *const *extractions,
                          size_t count, struct row_facts *ret_facts, struct error *err) MUST_CHECK;

/* Binary results. */
int64_t row_int8(const PGresult *result, int row, int column);
int32_t row_int4(const PGresult *result, int row, int column);
/* false: not so many bytes. */
bool row_bytes(const PGresult *result, int row, int column, void *ret_bytes, size_t size);
enum status row_failed(PGconn *database, struct error *err);

#endif
