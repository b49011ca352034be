// SPDX-License-Identifier: Apache-2.0
/*
 * copies - which of the articles that are about to be stored nearly equal a stored one.
 *
 * Two articles are near copies when they have a band of their sketch in common and their SimHashes
 * differ in at most COPY_BITS of 64 bits (worker/extract/sketch.h; tests/e2e/test_copies.py
 * measures precision and recall). Revisions of one article are no copies of each other. A copy is a
 * copy of an original, never of a copy: only originals keep their bands in the table, so that a
 * page that comes a million times costs one look each. Two workers that store two copies at the
 * same moment do not see each other: then neither is marked, until `newsloom reextract
 * --unmarked-copies` has the later one extracted again.
 */
#ifndef WORKER_STORE_COPIES_H
#define WORKER_STORE_COPIES_H

#include "worker/store/rows.h"

enum { COPY_BITS = 18 };

/*
 * Look up the rows, which stand in write order, in the database, among articles with an article_id
 * below before_id, and among each other; set or clear extraction.duplicate_of, and pack what
 * changed. Verbatim rows are left alone.
 */
enum status copies_find(struct connection *connection, struct article_row **rows, size_t count,
                        int64_t before_id, struct failure *failure) MUST_CHECK;

#endif
