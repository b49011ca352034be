// SPDX-License-Identifier: Apache-2.0
/*
 * store_check - does what stands in the store fit together, and what does it know of an article.
 *
 * Read-only and in slices, each one short read transaction: first every article's record with the
 * indexes, body and entry that its state asks for, then every entry of the log with its
 * extraction's bytes against its digest. What is found is said in sentences; none of it breaks the
 * store. Thread-safe, as all reading.
 */
#ifndef BROKER_STORE_CHECK_H
#define BROKER_STORE_CHECK_H

#include "broker/store.h"

#define CHECK_FINDINGS     12 /* told of one slice; the others are counted */
#define CHECK_FINDING_SIZE 160

struct store_check {
    uint64_t after_article;  /* where the slice begins; moved to where the next one does */
    uint64_t after_sequence; /* of the log, once the articles are through */
    size_t most;             /* articles or entries in this slice */

    bool is_over;
    size_t articles; /* looked at in this slice */
    size_t entries;
    size_t finding_count;
    char findings[CHECK_FINDINGS][CHECK_FINDING_SIZE];
};

enum status store_check(struct store *store, struct store_check *check,
                        struct error *err) MUST_CHECK;

/* An article named by the hash of its source and key (digest_parts) and the first eight bytes of
 * its content digest: UNKNOWN, or where it stands. Several revisions of one content: the newest. */
struct store_known {
    Newsloom__V1__State state;
    uint64_t article_id;
    uint64_t sequence; /* of the entry of its end */
};
enum status store_known(struct store *store, const uint8_t hash[16], const uint8_t digest_head[8],
                        struct store_known *ret_known, struct error *err) MUST_CHECK;

#endif
