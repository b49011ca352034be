// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "broker/store_engine.h"

enum { HEADS = 4096 };

struct heads {
    pthread_mutex_t mutex;
    size_t since; /* the transaction that changed what an entry says, the last that did */
    struct log_entry places[HEADS];
};

struct heads *heads_new(void)
{
    struct heads *heads = memory_new(sizeof(*heads));
    ENSURE(pthread_mutex_init(&heads->mutex, NULL) == 0);
    return heads;
}

static void empty(struct heads *heads)
{
    for (size_t i = 0; i < HEADS; i++)
        head_done(&heads->places[i]);
}

void heads_free(struct heads **heads_p)
{
    struct heads *heads = *heads_p;
    if (!heads)
        return;
    empty(heads);
    (void)pthread_mutex_destroy(&heads->mutex);
    free(heads);
    *heads_p = NULL;
}

bool heads_take(struct heads *heads, size_t txn)
{
    if (pthread_mutex_trylock(&heads->mutex) != 0)
        return false;
    if (txn >= heads->since)
        return true;
    (void)pthread_mutex_unlock(&heads->mutex);
    return false;
}

void heads_give_back(struct heads *heads)
{
    (void)pthread_mutex_unlock(&heads->mutex);
}

struct log_entry *heads_place(struct heads *heads, uint64_t sequence)
{
    return &heads->places[sequence % HEADS];
}

void heads_forget(struct heads *heads, size_t txn)
{
    (void)pthread_mutex_lock(&heads->mutex);
    heads->since = txn;
    empty(heads);
    (void)pthread_mutex_unlock(&heads->mutex);
}

void head_done(struct log_entry *head)
{
    free(head->key);
    if (head->topics)
        newsloom__v1__topics__free_unpacked(head->topics, NULL);
    *head = (struct log_entry){0};
}
