// SPDX-License-Identifier: Apache-2.0
/*
 * backups - copies of the store that operators ask for: one at a time, on a thread of its own.
 *
 * An operator names a backup, never a path: it becomes a directory of that name in store.backups.
 * What the process left unfinished when it died is taken away when backups_new() looks. At the end
 * of the broker a running backup is cancelled. Belongs to the loop's thread.
 */
#ifndef BROKER_BACKUPS_H
#define BROKER_BACKUPS_H

#include "broker/broker.h"

/* The store is borrowed and must outlive it; directory: store.directory, home: store.backups. */
struct backups *backups_new(struct store *store, const char *directory, const char *home);
void backups_free(struct backups **backups_p);

void obey_backup_request(struct broker *broker, const struct message *message,
                         const Newsloom__V1__Envelope *envelope);

#endif
