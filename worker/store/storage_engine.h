// SPDX-License-Identifier: Apache-2.0
/*
 * storage_engine - what the files of storage share. Nobody else includes it.
 *
 *   storage.c  articles become rows, once, complete or not at all
 *   mend.c     the facts below an article, written anew
 */
#ifndef WORKER_STORE_STORAGE_ENGINE_H
#define WORKER_STORE_STORAGE_ENGINE_H

#include "worker/store/connection.h"
#include "worker/store/storage.h"

#define ID_POOL 256 /* article ids reserved at a time */

struct storage {
    struct connection *connection;
    struct row_columns columns;
    int64_t ids[ID_POOL];
    size_t id_count;
    unsigned losses; /* batches in a row whose connection broke */
    size_t first;    /* the row that the next round of single rows begins with */
    struct storage_figures figures;
};

/* Queue the inserts of everything below the articles that columns were filled from. */
void storage_send_children(struct storage *storage);

#endif
