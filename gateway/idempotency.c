// SPDX-License-Identifier: Apache-2.0
#include "gateway/idempotency.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "common/status.h"

enum { KEPT = 8192, NAME_SIZE = 16 };

struct kept {
    uint8_t name[NAME_SIZE]; /* of owner and key */
    uint8_t request[DIGEST_SIZE];
    bool is_set;
};

/* A key has one place, by its digest; a newer one that falls there takes it. */
struct idempotency {
    pthread_mutex_t lock;
    struct kept kept[KEPT];
};

struct idempotency *idempotency_new(void)
{
    struct idempotency *idempotency = memory_new(sizeof(*idempotency));
    (void)pthread_mutex_init(&idempotency->lock, NULL);
    return idempotency;
}

void idempotency_free(struct idempotency **idempotency_p)
{
    if (!*idempotency_p)
        return;
    (void)pthread_mutex_destroy(&(*idempotency_p)->lock);
    free(*idempotency_p);
    *idempotency_p = NULL;
}

static struct kept make(const struct idempotency_request *request)
{
    const char *const names[] = {request->owner ? request->owner : "", request->key};
    struct kept made = {.is_set = true};
    digest_parts(names, COUNT_OF(names), made.name);
    digest_content(request->what ? request->what : "", request->bytes, request->size, made.request);
    return made;
}

static struct kept *place_of(struct idempotency *idempotency, const struct kept *made)
{
    uint32_t number = 0;
    memcpy(&number, made->name, sizeof(number));
    return &idempotency->kept[number % KEPT];
}

bool idempotency_fits(struct idempotency *idempotency, const struct idempotency_request *request)
{
    if (!request->key)
        return true;
    struct kept made = make(request);
    const struct kept *place = place_of(idempotency, &made);
    (void)pthread_mutex_lock(&idempotency->lock);
    bool is_other = place->is_set && memcmp(place->name, made.name, sizeof(made.name)) == 0 &&
                    memcmp(place->request, made.request, sizeof(made.request)) != 0;
    (void)pthread_mutex_unlock(&idempotency->lock);
    return !is_other;
}

void idempotency_keep(struct idempotency *idempotency, const struct idempotency_request *request)
{
    if (!request->key)
        return;
    struct kept made = make(request);
    (void)pthread_mutex_lock(&idempotency->lock);
    *place_of(idempotency, &made) = made;
    (void)pthread_mutex_unlock(&idempotency->lock);
}
