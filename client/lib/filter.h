// SPDX-License-Identifier: Apache-2.0
/*
 * filter - "type=PERSON,event=SIGN,source=vov.vn,entity=<uuid>,kind=STORED,copies=no" as the wire
 * wants it.
 *
 * All named fields must match; within a field, given several times, one is enough. The broker looks
 * at the first eight bytes of an entity's id and over-delivers articles with very many entities, so
 * filter_passes() is asked again before an entry is handed over.
 *
 * Ownership: a filter owns everything; filter_wire() lends it.
 */
#ifndef CLIENT_LIB_FILTER_H
#define CLIENT_LIB_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "client/newsloom.h"
#include "common/status.h"
#include "proto/envelope.h"

#define FILTER_VALUES_LIMIT 64 /* of one field; the envelope must hold them */

struct filter {
    Newsloom__V1__EntityType types[FILTER_VALUES_LIMIT];
    size_t type_count;
    Newsloom__V1__EventType events[FILTER_VALUES_LIMIT];
    size_t event_count;
    Newsloom__V1__EntryKind kinds[FILTER_VALUES_LIMIT];
    size_t kind_count;
    char *sources[FILTER_VALUES_LIMIT];
    size_t source_count;
    uint8_t entities[FILTER_VALUES_LIMIT][16];
    uint64_t entity_topics[FILTER_VALUES_LIMIT];
    size_t entity_count;
    bool originals; /* copies=no */
};

/* INVALID names what is wrong and what would be right. A NULL or empty text matches everything. */
enum status filter_parse(struct filter *filter, const char *text, struct error *err) MUST_CHECK;
void filter_done(struct filter *filter);

/* The wire's form, pointing into filter. */
void filter_wire(struct filter *filter, Newsloom__V1__Filter *ret_wire);

bool filter_is_empty(const struct filter *filter);
bool filter_passes(const struct filter *filter, const struct newsloom_entry *entry);

#endif
