// SPDX-License-Identifier: Apache-2.0
/*
 * happenings - the words of an article that tell of an event, and whether it happened.
 *
 * Finds the triggers and leaves out what is only wished for, denied, or part of a name or of
 * another word. The arguments are found in arguments.h.
 */
#ifndef WORKER_EXTRACT_HAPPENINGS_H
#define WORKER_EXTRACT_HAPPENINGS_H

#include "worker/extract/gazetteer.h"

struct happening {
    uint32_t first; /* tokens of the trigger */
    uint32_t end;
    uint32_t sentence;
    enum trigger_class type;
    Newsloom__V1__EventMode mode;
    Newsloom__V1__Modality modality;
};

/* What the rules of events share while one document is read. */
struct telling {
    struct document *document;
    const struct reading *r;
    const uint32_t *mention_at; /* for each token the mention that begins there, plus one */
    const uint32_t *inside;     /* for each token the mention it stands in, plus one */
    const bool *is_post;        /* for each mention: it belongs to the post of a person */
};

/* The happenings of the sentence with this index, at most two of a type; returns how many. */
enum { HAPPENINGS_MOST = 12 };
uint32_t happenings_find(const struct telling *telling, uint32_t index,
                         struct happening found[HAPPENINGS_MOST]);

/* The tokens of the sentence that are near enough to belong to the happening. */
uint32_t happening_scope_start(const struct telling *telling, const struct happening *happening);
uint32_t happening_scope_end(const struct telling *telling, const struct happening *happening);

/* The next or last mention of the type in [from, to), plus one; 0: none. */
uint32_t telling_next(const struct telling *telling, uint32_t from, uint32_t to,
                      Newsloom__V1__EntityType type);
uint32_t telling_last(const struct telling *telling, uint32_t from, uint32_t to,
                      Newsloom__V1__EntityType type);

#endif
