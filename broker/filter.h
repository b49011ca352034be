// SPDX-License-Identifier: Apache-2.0
/*
 * filter - which entries of the log a subscription wants.
 *
 * All given fields must match; within a field one is enough. Entries without topics (DEAD,
 * WITHDRAWN) match no filter that names types or entities. FORGOTTEN matches every filter of its
 * source, whatever else that asks for: whoever may have had the article is to delete it. An article
 * with more entities than the topics can hold matches every filter on entities: the subscriber
 * looks for itself.
 */
#ifndef BROKER_FILTER_H
#define BROKER_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/store.h"

struct filter {
    unsigned holders;      /* the subscription and its running job */
    uint32_t entity_types; /* bits by value; 0: all */
    uint32_t event_types;
    uint32_t kinds;
    bool originals;      /* no near copies */
    size_t source_count; /* 0: all */
    char (*sources)[72];
    size_t entity_count; /* 0: all */
    uint64_t *entities;  /* sorted */
};

/* wanted may be NULL: everything. */
struct filter *filter_new(const Newsloom__V1__Filter *wanted);
struct filter *filter_hold(struct filter *filter);
void filter_drop(struct filter **filter_p); /* frees it when nobody holds it */
bool filter_matches(const struct filter *filter, const struct log_entry *entry);

#endif
