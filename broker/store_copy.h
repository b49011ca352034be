// SPDX-License-Identifier: Apache-2.0
/*
 * store_copy - the bytes of a backup: LMDB's own copy of one moment, under a guard.
 *
 *      copier: mdb_env_copyfd2 -> socket -> writer: the file
 *                                    ^
 *                     guard: counts held pages, cuts the socket when they are too many
 *
 * The guard is the calling thread. It never touches the file, so that a disk that hangs under the
 * writer cannot keep it from ending the copier's transaction. The copy is compact: pages in use
 * only, in the order of the trees.
 */
#ifndef BROKER_STORE_COPY_H
#define BROKER_STORE_COPY_H

#include "broker/store_backup.h"

/* OK: everything was written to fd, not synced. LIMIT: too many pages were held, or the file has no
 * room. AGAIN: cancelled. */
enum status store_copy(struct store *store, struct store_backup *backup, int fd,
                       struct error *err) MUST_CHECK;

#endif
