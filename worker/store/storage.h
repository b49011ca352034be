// SPDX-License-Identifier: Apache-2.0
/*
 * storage - articles become rows in PostgreSQL, once, complete or not at all.
 *
 * A batch is one transaction in one pipeline. When it fails, nothing of it remains and its articles
 * are written one by one, each in a transaction of its own; only then is an article judged, so that
 * a bad one costs itself and nobody else. An article that is there already is read back: what was
 * stored first is the truth, and its bytes are what is to be reported. A commit whose answer was
 * lost is simply repeated and finds its own rows.
 *
 *      batch --ok--> STORED, or not inserted: somebody has it --> FOUND / replaced / next revision
 *        '--failed--> one by one --ok--> the same
 *                         '--failed--> REFUSED, or OPEN for the next call
 *
 * Write order: source, article, mention, role, event, event_argument, entity, entity_alias, each
 * sorted by key. Entities come last because their locks are those that others wait for.
 *
 * One thread owns a storage and its rows during a call.
 */
#ifndef WORKER_STORE_STORAGE_H
#define WORKER_STORE_STORAGE_H

#include "worker/store/rows.h"

struct storage;

#define STORAGE_TIMEOUT_MS 60000 /* of whoever has no setting for it */

/* timeout_ms: as of storage_connection_new(). */
struct storage *storage_new(const char *database_url, const char *worker_name, int64_t timeout_ms);
void storage_free(struct storage **storage_p);

/* Connect and check the server now. As storage_connection_open(). */
enum status storage_open(struct storage *storage, struct error *err) MUST_CHECK;

/*
 * Store the rows whose end is OPEN; the array is sorted on the way. OK: every row has an end.
 * AGAIN: PostgreSQL is away or busy, rows that are still OPEN are to be given again later. BROKEN:
 * no row can be stored until somebody acts. Rows that have an end keep it in every case.
 */
enum status storage_save(struct storage *storage, struct article_row **rows, size_t count,
                         struct error *err) MUST_CHECK;

/*
 * Write everything below the article anew (mentions, roles, events, arguments, entities, aliases),
 * whose id is row->article_id and whose stored extraction must be the row's: what was taken away
 * comes back. NOT_FOUND: another extraction stands there, or none. One transaction.
 */
enum status storage_mend(struct storage *storage, struct article_row *row,
                         struct error *err) MUST_CHECK;

struct storage_figures {
    uint64_t connects;
    uint64_t batches;        /* transactions that were committed */
    uint64_t batch_failures; /* batches that had to be repeated one by one */
    uint64_t stored;
    uint64_t found;
    uint64_t replaced;
    uint64_t refused;
};

struct storage_figures storage_figures(const struct storage *storage);

#endif
