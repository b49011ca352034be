// SPDX-License-Identifier: Apache-2.0
/*
 * reader - a thread that reads the store, so that the loop never waits for a disk.
 *
 * A job is embedded first in what its asker needs to know. run() is called on the reader's thread
 * with the store and must touch nothing but its job; finish() is called on the loop's thread by
 * reader_collect(), in the order in which jobs were asked for, the urgent ones before the others,
 * and owns the job from then on. Jobs must be bounded pieces of work. At the end jobs that were not
 * finished are handed to their discard() instead.
 */
#ifndef BROKER_READER_H
#define BROKER_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "broker/store.h"

struct broker;
struct reader;

struct job {
    struct job *next;
    void (*run)(struct job *job, struct store *store);
    void (*finish)(struct job *job, struct broker *broker);
    void (*discard)(struct job *job);
    bool urgent; /* workers wait for it: before the replays of a thousand subscribers */
};

/* The store is borrowed and must outlive the reader. */
enum status reader_start(struct reader **ret_reader, struct store *store,
                         struct error *err) MUST_CHECK;
void reader_stop(struct reader **reader_p);

void reader_ask(struct reader *reader, struct job *job);
size_t reader_pending(const struct reader *reader);
/* Readable when there is something to collect. */
int reader_fd(const struct reader *reader);
void reader_collect(struct reader *reader, struct broker *broker);

#endif
