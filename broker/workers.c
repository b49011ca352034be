// SPDX-License-Identifier: Apache-2.0
#include "broker/workers.h"

#include <stdlib.h>
#include <string.h>

enum { STRANGERS = 64 };

struct workers {
    struct stranger {
        struct peer peer;
        int64_t greeted_ms;
    } strangers[STRANGERS]; /* the last ones, in a ring */
    size_t next_stranger;
    struct worker **all;
    size_t count;
    size_t limit;
};

struct workers *workers_new(unsigned limit)
{
    struct workers *workers = memory_new(sizeof(*workers));
    workers->limit = limit;
    workers->all = memory_new(limit * sizeof(struct worker *));
    return workers;
}

void workers_free(struct workers **workers_p)
{
    struct workers *workers = *workers_p;
    if (!workers)
        return;
    for (size_t i = 0; i < workers->count; i++)
        free(workers->all[i]);
    free(workers->all);
    free(workers);
    *workers_p = NULL;
}

struct worker *workers_add(struct workers *workers, const uint8_t session[SESSION_SIZE])
{
    if (workers->count == workers->limit)
        return NULL;
    struct worker *worker = memory_new(sizeof(*worker));
    memcpy(worker->session, session, SESSION_SIZE);
    workers->all[workers->count++] = worker;
    return worker;
}

void workers_remove(struct workers *workers, struct worker *worker)
{
    ENSURE(!worker->leases.first);
    for (size_t i = 0; i < workers->count; i++) {
        if (workers->all[i] != worker)
            continue;
        workers->all[i] = workers->all[--workers->count];
        free(worker);
        return;
    }
}

struct worker *workers_by_session(const struct workers *workers,
                                  const uint8_t session[SESSION_SIZE])
{
    for (size_t i = 0; i < workers->count; i++)
        if (memcmp(workers->all[i]->session, session, SESSION_SIZE) == 0)
            return workers->all[i];
    return NULL;
}

struct worker *workers_by_peer(const struct workers *workers, const struct peer *peer)
{
    for (size_t i = 0; i < workers->count; i++)
        if (peer_is(&workers->all[i]->peer, peer))
            return workers->all[i];
    return NULL;
}

bool workers_greet(struct workers *workers, const struct peer *peer, int64_t now_ms)
{
    for (size_t i = 0; i < STRANGERS; i++) {
        struct stranger *stranger = &workers->strangers[i];
        if (!peer_is(&stranger->peer, peer))
            continue;
        if (now_ms - stranger->greeted_ms < STRANGER_MS)
            return false;
        stranger->greeted_ms = now_ms;
        return true;
    }
    workers->strangers[workers->next_stranger] = (struct stranger){*peer, now_ms};
    workers->next_stranger = (workers->next_stranger + 1) % STRANGERS;
    return true;
}

size_t workers_count(const struct workers *workers)
{
    return workers->count;
}

struct worker *workers_at(const struct workers *workers, size_t index)
{
    return workers->all[index];
}

bool worker_holds_suspect(const struct worker *worker)
{
    return worker->leases.first && worker->leases.first->suspect;
}

unsigned worker_room(struct worker *worker, int64_t now_ms)
{
    if (!worker->welcomed || worker->blocked || worker->replaced_ms || worker_holds_suspect(worker))
        return 0;
    unsigned most = worker->willing < worker->slots ? worker->willing : worker->slots;
    most = breaker_allows(&worker->breaker, most, now_ms);
    return most > worker->leases.count ? most - (unsigned)worker->leases.count : 0;
}

void workers_next_interval(struct workers *workers)
{
    for (size_t i = 0; i < workers->count; i++) {
        unsigned *ends = workers->all[i]->ends;
        memmove(&ends[1], &ends[0], (RATE_INTERVALS - 1) * sizeof(*ends));
        ends[0] = 0;
    }
}

unsigned worker_rate_per_minute(const struct worker *worker)
{
    unsigned rate = 0;
    for (size_t i = 0; i < RATE_INTERVALS; i++)
        rate += worker->ends[i];
    return rate;
}
