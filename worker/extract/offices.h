// SPDX-License-Identifier: Apache-2.0
/*
 * offices - the rank and the posts that stand beside each mention of a person.
 *
 * "Thượng tướng …, Ủy viên …, Thứ trưởng …" in front of a name, behind it, or in brackets behind
 * it. A post takes the body or the country along that stands right behind it.
 */
#ifndef WORKER_EXTRACT_OFFICES_H
#define WORKER_EXTRACT_OFFICES_H

#include "worker/extract/gazetteer.h"

enum { OFFICE_POSITIONS_MOST = 8 };

struct post {
    struct span span;
    uint32_t body;      /* the mention of its body or country, plus one; 0: none */
    uint32_t head_size; /* tokens of the bare post: "Thứ trưởng" */
    uint32_t first;     /* its first token */
};

struct office {
    struct span rank; /* empty: none */
    struct post posts[OFFICE_POSITIONS_MOST];
    uint32_t post_count;
};

/* One for each mention of the document, NULL for all that are not persons with an office. */
struct office **offices_find(struct document *document, const struct reading *reading);

/* For each token and one more: the mention that begins there, plus one. */
uint32_t *mentions_by_token(struct document *document, const struct reading *reading);
/* The token behind the span. */
uint32_t token_behind(const struct reading *reading, struct span span);

#endif
