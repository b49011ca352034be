// SPDX-License-Identifier: Apache-2.0
/*
 * event_stream - a subscription as bytes of an answer, for as long as the client takes them.
 *
 * Entries are acknowledged when the client's connection took them. While nothing comes a heartbeat
 * says so; the last thing a stream says is why it ends.
 *
 * Belongs to the thread of its connection.
 */
#ifndef GATEWAY_EVENT_STREAM_H
#define GATEWAY_EVENT_STREAM_H

#include <stdint.h>
#include <sys/types.h>

#include "gateway/event_form.h"
#include "gateway/gateway.h"

struct event_stream;

struct event_wish {
    struct event_form form;
    bool follows; /* goes on when it is caught up */
    long limit;   /* entries; 0: none */
};

/* The subscription must be in force; first is an entry that it gave already, or NULL. Takes the
 * subscriber, and the caller's place among gateway->streams. */
struct event_stream *event_stream_new(struct gateway *gateway, const struct event_wish *wish,
                                      struct newsloom_subscriber **subscriber_p,
                                      const struct newsloom_entry *first);

/* For struct answer: read and close; context is a stream. */
ssize_t event_stream_read(void *context, char *buffer, size_t size);
void event_stream_close(void *context);

#endif
