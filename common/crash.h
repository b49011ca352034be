// SPDX-License-Identifier: Apache-2.0
/*
 * crash - named points at which a test can kill the process.
 *
 * NEWSLOOM_CRASH_AT=<point>[:n] raises SIGKILL the n-th time (default the first) that point is
 * passed. Without it a point costs one load and one branch. The points are one table, so that a
 * test can walk them all; --crash-points of each program prints those it has. docs/reliability.md
 * says which promise each tests.
 */
#ifndef COMMON_CRASH_H
#define COMMON_CRASH_H

#include <stdio.h>

#define CRASH_POINTS(X)                                                                   \
    X(BROKER_SUBMIT_READ, "broker", "submit read, nothing kept")                          \
    X(BROKER_BEFORE_COMMIT, "broker", "turn built, not committed")                        \
    X(BROKER_AFTER_COMMIT, "broker", "a batch with articles committed, nothing answered") \
    X(BROKER_AFTER_RECEIPTS, "broker", "receipts sent, nothing dispatched")               \
    X(BROKER_AFTER_DISPATCH, "broker", "articles dispatched")                             \
    X(BROKER_DONE_READ, "broker", "done read, not committed")                             \
    X(BROKER_DONE_COMMITTED, "broker", "done committed, settled not sent")                \
    X(BROKER_FAILED_READ, "broker", "failed read, not committed")                         \
    X(BROKER_OPERATOR_READ, "broker", "operator request read, not committed")             \
    X(BROKER_OPERATOR_COMMITTED, "broker", "operator request committed, not answered")    \
    X(BROKER_RETENTION, "broker", "retention slice built, not committed")                 \
    X(BROKER_SCRUB, "broker", "something forgotten, its bytes not yet scrubbed")          \
    X(WORKER_TAKEN, "worker", "articles taken, none started")                             \
    X(WORKER_STARTED, "worker", "article started, not extracted")                         \
    X(WORKER_EXTRACTED, "worker", "article extracted, not stored")                        \
    X(WORKER_BEFORE_STORE, "worker", "storage batch built, nothing sent")                 \
    X(WORKER_MID_STORE, "worker", "storage batch sent, no result read")                   \
    X(WORKER_AFTER_STORE, "worker", "storage batch committed, done not sent")             \
    X(WORKER_DONE_SENT, "worker", "done sent, not settled")                               \
    X(WORKER_SETTLED, "worker", "settled read, result not forgotten")                     \
    X(CLIENT_BEFORE_SUBMIT, "client", "article read, nothing sent")                       \
    X(CLIENT_AFTER_RECEIPT, "client", "receipt read, state not saved")                    \
    X(CLIENT_BEFORE_CURSOR, "client", "event handled, cursor not saved")                  \
    X(CLIENT_ROWS_FORGOTTEN, "client", "rows forgotten, the broker not asked to")

enum crash_point {
#define X(name, program, text) CRASH_##name,
    CRASH_POINTS(X)
#undef X
        CRASH_POINT_COUNT
};

/* Reads NEWSLOOM_CRASH_AT; an unknown name is said on stderr and the process exits with EX_USAGE.
 */
void crash_init(void);
void crash_here(enum crash_point point);
void crash_print_points(FILE *out, const char *program);

#endif
