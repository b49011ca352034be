// SPDX-License-Identifier: Apache-2.0
/*
 * note - what the worker's threads say to one another over inproc PAIR sockets.
 *
 * A note that names a job hands it over: from then on only the receiver touches it.
 */
#ifndef WORKER_NOTE_H
#define WORKER_NOTE_H

#include <stdbool.h>

#include "common/status.h"
#include "worker/ledger.h"

enum note_kind {
    NOTE_JOB,     /* to a thread: do your part; from it: done, row or failure tells how */
    NOTE_STOP,    /* to a thread: end */
    NOTE_READY,   /* from storage: PostgreSQL takes rows */
    NOTE_BLOCKED, /* from storage: PostgreSQL is away, text says why */
    NOTE_BROKEN,  /* from storage: it will never take rows until somebody acts */
    NOTE_STOPPED, /* from a thread: it ends now */
};

struct note {
    enum note_kind kind;
    struct job *job;
    struct error err;
};

/* false: the other side is gone. Waits while the socket is full, which its bound excludes. */
bool note_send(void *socket, const struct note *note);
/* false: nothing came within timeout_ms (-1: wait for ever). */
bool note_receive(void *socket, struct note *ret_note, int64_t timeout_ms);

/* Two ends of one pair; the first is for the thread that calls. */
void note_pair(void *context, const char *name, void **ret_ours, void **ret_theirs);

#endif
