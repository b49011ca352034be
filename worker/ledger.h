// SPDX-License-Identifier: Apache-2.0
/*
 * ledger - what this worker holds, and how far each article is. Nothing else remembers.
 *
 *                  given to a thread       extracted           in PostgreSQL
 *      --> WAITING -----------> EXTRACTING ---------> STORING -----------> DONE --settled--> (gone)
 *             |                     |                    |                  ^
 *             |                     '------ failed ------'---> FAILED ------|--settled--> (gone)
 *             '-- released --> (gone)
 *
 * A DONE or FAILED article stays until the broker has settled it, and is reported again until then.
 *
 * Ownership: the ledger owns its jobs; while a job is EXTRACTING or STORING the thread that has it
 * may read and fill it, and nobody else touches it. Not thread-safe: the conversation owns it.
 */
#ifndef WORKER_LEDGER_H
#define WORKER_LEDGER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <zmq.h>

#include "common/arena.h"
#include "proto/envelope.h"
#include "worker/store/rows.h"

#include "wire.pb-c.h"

enum job_state { JOB_WAITING, JOB_EXTRACTING, JOB_STORING, JOB_DONE, JOB_FAILED, JOB_STATE_COUNT };

struct job_failure {
    bool permanent;
    const char *code; /* a literal */
    char text[REASON_LIMIT + 1];
};

struct job {
    uint64_t lease;
    uint64_t article_id; /* of the broker */
    char source[SOURCE_LIMIT + 1];
    char key[KEY_LIMIT + 1];
    uint32_t revision;
    uint32_t generation;
    uint32_t attempt; /* 1 for the first */
    bool look_only;   /* extract nothing: an earlier worker may have stored it */
    uint8_t digest[DIGEST_SIZE];

    enum job_state state;
    bool started;     /* said to the broker */
    bool abandoned;   /* given back or given up while a thread still has it */
    int64_t since_ms; /* in this state */
    int64_t sent_ms;  /* the result was reported last, 0: never */
    unsigned thread;  /* EXTRACTING: which */
    int64_t extract_us;
    atomic_bool give_up; /* asked of the extraction */
    int64_t deadline_ms; /* of the extraction, monotonic */

    zmq_msg_t payload;    /* until stored */
    struct arena *intake; /* the article as it came, until stored */
    struct arena *work;   /* what was found, until stored */
    struct article_row row;
    struct job_failure failure; /* FAILED; code is NULL before */

    struct arena *kept; /* DONE: the result */
    Newsloom__V1__Result *result;
    void *packed;
    size_t packed_size;
};

struct ledger;

struct ledger *ledger_new(unsigned slots);
void ledger_free(struct ledger **ledger_p);

/* A new WAITING job; takes the payload. LIMIT when every slot is taken, INVALID when the lease is
 * held already; the payload stays the caller's then. */
enum status ledger_add(struct ledger *ledger, const Newsloom__V1__Job *wire, zmq_msg_t *payload,
                       int64_t now_ms, struct error *err) MUST_CHECK;
void ledger_remove(struct ledger *ledger, struct job *job);

/* Moves along the arrows above; any other move is a bug. */
void ledger_move(struct ledger *ledger, struct job *job, enum job_state state, int64_t now_ms);

struct job *ledger_find(const struct ledger *ledger, uint64_t lease);
/* The oldest WAITING job, or NULL. */
struct job *ledger_next_waiting(const struct ledger *ledger);
unsigned ledger_count(const struct ledger *ledger);
unsigned ledger_count_in(const struct ledger *ledger, enum job_state state);
/* In the order of arrival, 0 to ledger_count() - 1. */
struct job *ledger_at(const struct ledger *ledger, unsigned index);

/* Turn what was stored into the result that is reported, and free the rest. */
void job_keep_result(struct job *job);
/* Keep nothing but the failure. */
void job_keep_failure(struct job *job);

#endif
