// SPDX-License-Identifier: Apache-2.0
/*
 * event_form - an entry of the event log, and what is said between entries, as a client wants it.
 *
 *      server-sent events      id: <log id>:42
 *      (follows for ever)      data: {"sequence": 42, "kind": "STORED", …}
 *
 *                              event: end
 *                              data: {"kind": "END", "reason": "stopping", "cursor": …}
 *
 *      JSON lines              {"sequence": 42, "kind": "STORED", …, "cursor": "<log id>:42"}
 *                              {"kind": "END", "reason": "caught-up", "cursor": "<log id>:42"}
 *
 * The objects may be CloudEvents 1.0: then the entry stands in "data". A stream that does not close
 * with END or GAP was cut off on its way.
 */
#ifndef GATEWAY_EVENT_FORM_H
#define GATEWAY_EVENT_FORM_H

#include <stdbool.h>
#include <stdio.h>

#include "client/newsloom.h"

struct event_form {
    bool is_sse;
    bool is_cloud;
};

/* cursor is that of the entry, or where the reader stands. */
void event_print_entry(const struct event_form *form, const struct newsloom_entry *entry,
                       const struct newsloom_cursor *cursor, FILE *out);
/* The stream lives and has come so far; is_streaming: the broker is there, so that silence means
 * that there is nothing. */
void event_print_heartbeat(const struct event_form *form, const struct newsloom_cursor *cursor,
                           bool is_streaming, FILE *out);
/* Nearly as far behind as the log keeps: entries are about to be gone. */
void event_print_warning(const struct event_form *form, const struct newsloom_cursor *cursor,
                         FILE *out);
/* reason: "caught-up", "limit", "stopping", "unavailable", "refused". */
void event_print_end(const struct event_form *form, const char *reason,
                     const struct newsloom_cursor *cursor, FILE *out);
/* Entries behind the reader's cursor are gone; gap->first is where to go on. */
void event_print_gap(const struct event_form *form, const struct newsloom_gap *gap, FILE *out);

#endif
