// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/lib/connection.h"
#include "client/lib/entry.h"
#include "client/lib/filter.h"
#include "client/newsloom.h"
#include "common/clock.h"

#define TOPIC_SIZE 128
#define SEEN_KEPT  1024 /* an entry comes once for each topic that matches it, close together */

struct newsloom_live {
    struct connection *connection;
    struct filter filter;
    struct message message;
    struct newsloom_entry entry;
    uint64_t seen[SEEN_KEPT];
    size_t seen_next;
};

/* The narrowest field becomes topics, filter_passes() looks at the rest. */
static void add_topics(struct newsloom_live *live)
{
    const struct filter *f = &live->filter;
    char topic[TOPIC_SIZE];
    for (size_t i = 0; i < f->entity_count; i++) {
        (void)snprintf(topic, sizeof(topic), "entity/%016" PRIx64, f->entity_topics[i]);
        connection_add_topic(live->connection, topic);
    }
    for (size_t i = 0; !f->entity_count && i < f->source_count; i++) {
        (void)snprintf(topic, sizeof(topic), "article/%s", f->sources[i]);
        connection_add_topic(live->connection, topic);
    }
    if (f->entity_count + f->source_count)
        return;
    for (size_t i = 0; i < f->event_count; i++) {
        (void)snprintf(topic, sizeof(topic), "event/%s",
                       newsloom__v1__event_type__descriptor.values[f->events[i]].name);
        connection_add_topic(live->connection, topic);
    }
    if (f->event_count == 0)
        connection_add_topic(live->connection, "article/");
}

enum status newsloom_live_open(struct newsloom_live **ret_live,
                               const struct newsloom_options *options, const char *filter,
                               struct error *err)
{
    struct newsloom_live *live = memory_new(sizeof(*live));
    enum status status = filter_parse(&live->filter, filter, err);
    if (status == STATUS_OK)
        status = connection_open(&live->connection, options, ZMQ_SUB, "broker.live", err);
    if (status != STATUS_OK) {
        newsloom_live_close(&live);
        return status;
    }
    add_topics(live);
    *ret_live = live;
    return STATUS_OK;
}

void newsloom_live_close(struct newsloom_live **live_p)
{
    struct newsloom_live *live = *live_p;
    if (!live)
        return;
    message_done(&live->message);
    filter_done(&live->filter);
    connection_close(&live->connection);
    free(live);
    *live_p = NULL;
}

static bool is_new(struct newsloom_live *live, uint64_t sequence)
{
    for (size_t i = 0; i < SEEN_KEPT; i++)
        if (live->seen[i] == sequence)
            return false;
    live->seen[live->seen_next++ % SEEN_KEPT] = sequence;
    return true;
}

static bool take_message(struct newsloom_live *live)
{
    const Newsloom__V1__Envelope *envelope = live->message.envelope;
    if (envelope->body_case != NEWSLOOM__V1__ENVELOPE__BODY_LIVE || !envelope->live->entry)
        return false;
    struct payload payload = {"", 0};
    if (message_payload_count(&live->message) == 1)
        payload = message_payload(&live->message, 0);
    entry_fill(&live->entry, envelope->live->entry, payload.bytes, payload.size);
    return is_new(live, live->entry.sequence) && filter_passes(&live->filter, &live->entry);
}

enum status newsloom_live_next(struct newsloom_live *live, int64_t timeout_ms,
                               const struct newsloom_entry **ret_entry, struct error *err)
{
    int64_t deadline_ms = clock_mono_ms() + timeout_ms;
    for (int64_t left_ms = timeout_ms; left_ms >= 0; left_ms = deadline_ms - clock_mono_ms()) {
        if (!connection_wait(live->connection, left_ms))
            continue;
        enum status status = connection_receive(live->connection, &live->message, err);
        if (status == STATUS_BROKEN)
            return status;
        if (status == STATUS_OK && take_message(live)) {
            *ret_entry = &live->entry;
            return STATUS_OK;
        }
    }
    if (!connection_is_up(live->connection))
        return connection_complain(live->connection, timeout_ms, err);
    return error_set(err, STATUS_AGAIN, "there is no new entry yet");
}
