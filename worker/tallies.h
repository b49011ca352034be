// SPDX-License-Identifier: Apache-2.0
/*
 * tallies - what the worker counts, one table.
 */
#ifndef WORKER_TALLIES_H
#define WORKER_TALLIES_H

#include "common/counters.h"

/* row, metric, labels, kind, help */
#define TALLIES(X)                                                                                 \
    X(TAKEN, "newsloom_worker_taken_total", NULL, TOTAL, "articles received from the broker")      \
    X(EXTRACTED, "newsloom_worker_extracted_total", NULL, TOTAL,                                   \
      "articles whose extraction ended well")                                                      \
    X(FOREIGN, "newsloom_worker_foreign_total", NULL, TOTAL,                                       \
      "of these, not Vietnamese: stored with a guess of their language and without mentions")      \
    X(EXTRACT_TIME, "newsloom_worker_extract_seconds_total", NULL, TOTAL_SECONDS,                  \
      "time spent extracting, all threads; near threads × elapsed: add threads or workers")        \
    X(STORED, "newsloom_worker_stored_total", NULL, TOTAL,                                         \
      "articles written to PostgreSQL by this worker")                                             \
    X(FOUND, "newsloom_worker_found_total", NULL, TOTAL,                                           \
      "articles that stood in PostgreSQL already; many without a crash: leases run out, see "      \
      "lease.duration")                                                                            \
    X(SETTLED, "newsloom_worker_settled_total", NULL, TOTAL, "results that the broker confirmed")  \
    X(RESENT, "newsloom_worker_resent_total", NULL, TOTAL,                                         \
      "results sent again; growing steadily: the broker is slow or the network loses connections") \
    X(RELEASED, "newsloom_worker_released_total", NULL, TOTAL, "articles given back unfinished")   \
    X(INVALID, "newsloom_worker_failed_total", "code=\"INVALID_PAYLOAD\"", TOTAL,                  \
      "articles failed, by code; look at `newsloom dead`")                                         \
    X(RESOURCE, "newsloom_worker_failed_total", "code=\"RESOURCE_LIMIT\"", TOTAL, "the same")      \
    X(TIMED_OUT, "newsloom_worker_failed_total", "code=\"TIMED_OUT\"", TOTAL, "the same")          \
    X(REJECTED, "newsloom_worker_failed_total", "code=\"STORAGE_REJECTED\"", TOTAL, "the same")    \
    X(BATCHES, "newsloom_worker_batches_total", NULL, TOTAL, "transactions committed")             \
    X(BATCH_FAILURES, "newsloom_worker_batch_failures_total", NULL, TOTAL,                         \
      "batches repeated article by article; growing: look for STORAGE_REJECTED and at "            \
      "PostgreSQL's log")                                                                          \
    X(STORE_TIME, "newsloom_worker_store_seconds_total", NULL, TOTAL_SECONDS,                      \
      "time spent writing to PostgreSQL; near elapsed: PostgreSQL is the limit")                   \
    X(CONNECTS, "newsloom_worker_database_connects_total", NULL, TOTAL,                            \
      "connections made to PostgreSQL; growing: it restarts or the network cuts")                  \
    X(BLOCKED, "newsloom_worker_blocked", NULL, GAUGE,                                             \
      "1 while PostgreSQL is away and nothing is taken; look at /readyz")                          \
    X(HELLOS, "newsloom_worker_hellos_total", NULL, TOTAL,                                         \
      "introductions to the broker; growing: it restarts or the network cuts")                     \
    X(BAD_MESSAGES, "newsloom_worker_bad_messages_total", NULL, TOTAL,                             \
      "messages from the broker that could not be read; not zero: versions do not fit")            \
    X(REFUSALS, "newsloom_worker_refusals_total", NULL, TOTAL,                                     \
      "refusals by the broker; not zero: versions do not fit, see the log")                        \
    X(SLOTS, "newsloom_worker_slots", NULL, GAUGE, "articles that may be held at once")            \
    X(HELD, "newsloom_worker_held", NULL, GAUGE,                                                   \
      "articles held; always at slots: this worker is busy, more would help")                      \
    X(STORING, "newsloom_worker_storing", NULL, GAUGE, "of these, extracted and not yet stored")   \
    X(UNSETTLED, "newsloom_worker_unsettled", NULL, GAUGE, "of these, reported and not yet settled")

enum tally {
#define X(row, metric, labels, kind, help) TALLY_##row,
    TALLIES(X)
#undef X
        TALLY_COUNT
};

extern const struct counter worker_tallies_table[TALLY_COUNT];

#endif
