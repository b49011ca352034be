// SPDX-License-Identifier: Apache-2.0
/*
 * doctor - an examination: its checks, one after the other, and what they hand on.
 *
 * Each check says one line: what it found, and what to do where something is wrong. A check that
 * cannot be made here is said to be skipped, with the reason; it is never silently left out.
 */
#ifndef CLIENT_COMMAND_DOCTOR_H
#define CLIENT_COMMAND_DOCTOR_H

#include <jansson.h>
#include <libpq-fe.h>

#include "client/command/invocation.h"
#include "client/operator.h"

#define FINDINGS(X)       \
    X(OK, "ok")           \
    X(SKIPPED, "skipped") \
    X(WARNING, "warning") \
    X(FAILURE, "failure")

enum finding_kind {
#define X(kind, name) FOUND_##kind,
    FINDINGS(X)
#undef X
        FOUND_COUNT
};

struct doctor {
    struct invocation *invocation;
    bool as_json;
    unsigned counts[FOUND_COUNT];
    json_t *broker_settings; /* as --show-config prints them; NULL: there is no broker here */
    json_t *worker_settings;
    struct newsloom_operator *op;
    const Newsloom__V1__Status *status; /* NULL: the broker did not answer; lives as long as op */
    int64_t broker_ahead_ms;            /* its clock before this host's */
    const char *database_url;           /* the worker's where the command line has none */
    PGconn *database;                   /* NULL: it could not be reached */
};

/* advice: what to do; NULL where there is nothing. */
void doctor_say(struct doctor *doctor, enum finding_kind kind, const char *check,
                const char *advice, const char *format, ...) PRINTF(5, 6);

/* A value of what --show-config printed, or "". */
const char *doctor_setting(const json_t *settings, const char *name);

/* What this host has: settings, keys, the store, limits, units. */
void doctor_look_at_files(struct doctor *doctor);
void doctor_look_at_host(struct doctor *doctor);
/* What answers: the broker and its workers, then PostgreSQL. */
void doctor_look_at_broker(struct doctor *doctor);
void doctor_look_at_database(struct doctor *doctor);

#endif
