// SPDX-License-Identifier: Apache-2.0
/*
 * store_backup - a copy of the store, taken while it runs, that is whole or not there.
 *
 * The copy is of one moment: the commit that was the last when it began. It is written into
 * <directory>.partial (mode 0700, files 0600), marked as a copy so that whoever opens it gives its
 * log a new log_id whatever the file system's inode numbers are, synced, read back, and renamed.
 * Beside data.mdb stands "b2sums", which `b2sum --check b2sums` compares.
 *
 * One long read transaction keeps every page that is freed meanwhile from being used again. They
 * are counted while the copy goes on, and the backup gives up (LIMIT) before they are more than its
 * limit, or before the store would be full of them; its reader is then gone at once, also when the
 * disk that the copy goes to hangs.
 *
 * Threading: store_backup() runs on a thread of the caller's, beside the loop, and has two of its
 * own. The progress may be read and is_cancelled set from any thread while it runs.
 */
#ifndef BROKER_STORE_BACKUP_H
#define BROKER_STORE_BACKUP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "broker/store.h"

#define BACKUP_PARTIAL ".partial" /* ends the name of what is not whole yet */

struct store_backup {
    /* wished */
    const char *directory; /* what the copy will be; must not exist, its parent must */
    uint64_t limit_bytes;  /* of held pages; 0, or more than that: half of the room there is */
    atomic_bool is_cancelled;

    /* progress */
    atomic_uint_fast64_t total_bytes; /* about */
    atomic_uint_fast64_t copied_bytes;
    atomic_uint_fast64_t held_bytes; /* freed by others, and not to be used before it ends */
    atomic_uint_fast64_t allowed_bytes;
    atomic_bool is_checking; /* copied, and being synced and read back */

    /* given with OK */
    uint8_t log_id[16];     /* of the log that was copied */
    uint64_t last_sequence; /* of it */
    uint64_t next_article_id;
};

/* INVALID: the directory cannot be made, or is there. LIMIT: given up, or no room where it goes;
 * err says which. AGAIN: cancelled. Nothing is left behind by any of them. */
enum status store_backup(struct store *store, struct store_backup *backup,
                         struct error *err) MUST_CHECK;

/* Takes away what a backup left in this directory whose process died: everything that ends in
 * BACKUP_PARTIAL and that nobody is writing to. A directory that is not there is fine. */
void store_backup_sweep(const char *parent);

#endif
