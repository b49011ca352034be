// SPDX-License-Identifier: Apache-2.0
#include "gateway/connections.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/status.h"

struct connection_slot {
    struct connection_slot *next;
    struct connection_slot *previous;
    int file;
    enum connection_phase phase;
    int64_t since_ms;
    bool is_cut;
};

struct connections {
    pthread_mutex_t lock;
    struct connection_slot *first;
    size_t count;
};

struct connections *connections_new(void)
{
    struct connections *connections = memory_new(sizeof(*connections));
    (void)pthread_mutex_init(&connections->lock, NULL);
    return connections;
}

void connections_free(struct connections **connections_p)
{
    struct connections *connections = *connections_p;
    if (!connections)
        return;
    ENSURE(!connections->first);
    (void)pthread_mutex_destroy(&connections->lock);
    free(connections);
    *connections_p = NULL;
}

struct connection_slot *connections_add(struct connections *connections, int file)
{
    struct connection_slot *slot = memory_new(sizeof(*slot));
    slot->file = file;
    slot->since_ms = clock_mono_ms();
    (void)pthread_mutex_lock(&connections->lock);
    slot->next = connections->first;
    if (slot->next)
        slot->next->previous = slot;
    connections->first = slot;
    connections->count++;
    (void)pthread_mutex_unlock(&connections->lock);
    return slot;
}

void connections_remove(struct connections *connections, struct connection_slot **slot_p)
{
    struct connection_slot *slot = *slot_p;
    (void)pthread_mutex_lock(&connections->lock);
    if (slot->next)
        slot->next->previous = slot->previous;
    if (slot->previous)
        slot->previous->next = slot->next;
    else
        connections->first = slot->next;
    connections->count--;
    (void)pthread_mutex_unlock(&connections->lock);
    free(slot);
    *slot_p = NULL;
}

void connections_enter(struct connections *connections, struct connection_slot *slot,
                       enum connection_phase phase)
{
    (void)pthread_mutex_lock(&connections->lock);
    slot->phase = phase;
    slot->since_ms = clock_mono_ms();
    (void)pthread_mutex_unlock(&connections->lock);
}

struct connections_cut connections_cut_late(struct connections *connections, int64_t head_ms,
                                            int64_t body_ms)
{
    struct connections_cut cut = {0};
    int64_t now_ms = clock_mono_ms();
    (void)pthread_mutex_lock(&connections->lock);
    for (struct connection_slot *slot = connections->first; slot; slot = slot->next) {
        int64_t limit_ms = slot->phase == CONNECTION_HEAD ? head_ms : body_ms;
        if (slot->is_cut || slot->phase == CONNECTION_ANSWER || now_ms - slot->since_ms < limit_ms)
            continue;
        slot->is_cut = true;
        (void)shutdown(slot->file, SHUT_RDWR);
        if (slot->phase == CONNECTION_HEAD)
            cut.heads++;
        else
            cut.bodies++;
    }
    (void)pthread_mutex_unlock(&connections->lock);
    return cut;
}

size_t connections_count(struct connections *connections)
{
    (void)pthread_mutex_lock(&connections->lock);
    size_t count = connections->count;
    (void)pthread_mutex_unlock(&connections->lock);
    return count;
}

size_t connections_count_busy(struct connections *connections)
{
    size_t busy = 0;
    (void)pthread_mutex_lock(&connections->lock);
    for (const struct connection_slot *slot = connections->first; slot; slot = slot->next)
        busy += slot->phase != CONNECTION_HEAD;
    (void)pthread_mutex_unlock(&connections->lock);
    return busy;
}
