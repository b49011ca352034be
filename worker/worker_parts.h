// SPDX-License-Identifier: Apache-2.0
/*
 * worker_parts - what worker.c (the turn, the threads, the end) and conversation.c (the broker)
 * share, and nobody else includes.
 */
#ifndef WORKER_WORKER_PARTS_H
#define WORKER_WORKER_PARTS_H

#include "worker/extractor.h"
#include "worker/keeper.h"
#include "worker/mouth.h"
#include "worker/tallies.h"
#include "worker/worker.h"

struct bench { /* where one extraction thread sits */
    struct extractor *extractor;
    void *socket;
    struct job *job; /* NULL: idle */
};

struct worker {
    const struct options *options;
    const struct knowledge *knowledge;
    struct counters *counters;
    struct http *http;
    void *context;
    int signals; /* signalfd */
    struct ledger *ledger;
    struct mouth *mouth;
    struct arena *arena; /* of one envelope */
    int64_t now_ms;

    uint8_t session[16];
    bool welcomed;
    int64_t beat_ms;
    int64_t lease_ms;
    int64_t budget_ms; /* the smaller of ours and the broker's */
    int64_t hello_ms;  /* said last */
    int64_t beaten_ms; /* said last */
    int64_t met_ms;    /* when this broker was last known to be there */
    uint64_t progress;

    struct bench *benches;
    struct keeper *keeper;
    void *keeper_socket;
    bool keeper_known; /* it has said how PostgreSQL is */
    bool blocked;
    char blocked_reason[REASON_LIMIT + 1];

    bool leaving;
    int64_t leave_ms; /* when patience ends */
    int exit_code;
    const char *leave_reason;
    unsigned signal_count;
};

/* conversation.c */
void conversation_hear(struct worker *worker);
/* Hello, beats, another broker of the list: whatever is due. */
void conversation_keep_up(struct worker *worker);
/* Everything that is DONE or FAILED and was not reported, or not for too long. */
void conversation_report(struct worker *worker);
/* Give back what no thread has, and disown what one has. Free of charge. */
void conversation_release(struct worker *worker, bool with_running, const char *reason);

#endif
