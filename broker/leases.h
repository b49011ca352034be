// SPDX-License-Identifier: Apache-2.0
/*
 * leases - which worker holds which article.
 *
 * A lease id is unique over the life of the store: the boot counter stands in its upper bits, so
 * that a lease of an earlier broker is never taken for one of ours. Leases live in memory; after a
 * restart workers name those they hold and the broker adopts them.
 *
 * Each lease is on the list of its holder; a holder is whoever embeds a struct lease_list. The
 * table owns the leases. Not thread-safe.
 */
#ifndef BROKER_LEASES_H
#define BROKER_LEASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct worker;
struct leases;

struct lease {
    uint64_t id;
    uint64_t article_id;
    struct worker *worker;
    int64_t since_ms;    /* when it was dispatched, on the loop's clock */
    unsigned connection; /* of the worker, over which it was sent */
    bool started;
    bool suspect;                  /* out alone */
    bool seen;                     /* mark of whoever walks a beat's list */
    struct lease *next, *previous; /* of the same worker */
    struct lease *collision;       /* the table's own */
};

struct lease_list {
    struct lease *first;
    size_t count;
};

#define LEASE_BOOT_SHIFT 40

struct leases *leases_new(uint64_t boot);
void leases_free(struct leases **leases_p);

struct lease *leases_grant(struct leases *leases, uint64_t article_id, struct worker *worker,
                           struct lease_list *list);
/* A lease of an earlier boot. NULL when the id is known already or was never given by one. */
struct lease *leases_adopt(struct leases *leases, uint64_t id, uint64_t article_id,
                           struct worker *worker, struct lease_list *list);
struct lease *leases_find(const struct leases *leases, uint64_t id);
void leases_end(struct leases *leases, struct lease *lease, struct lease_list *list);
size_t leases_count(const struct leases *leases);

#endif
