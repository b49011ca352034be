// SPDX-License-Identifier: Apache-2.0
/*
 * body - what comes behind the head of a request, unpacked, and never more of it than allowed.
 *
 * A gzip body is unpacked as it comes, so that one that would unpack to more than the limit is
 * known for it when that much is there, whatever it would become. All bodies together share one
 * budget of memory: who asks for more is told AGAIN, and nobody else suffers.
 *
 * Ownership: a body owns its bytes and gives its part of the budget back in body_done(). The budget
 * may be shared by threads, a body not.
 */
#ifndef GATEWAY_BODY_H
#define GATEWAY_BODY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <zlib.h>

#include "common/status.h"

struct body_budget {
    _Atomic size_t used;
    size_t limit;
};

struct body {
    char *bytes;
    size_t size;
    size_t capacity;
    size_t received; /* as sent */
    size_t limit;
    struct body_budget *budget;
    bool is_packed;
    bool is_between; /* packed: one member is over, and no other has begun */
    z_stream unpacker;
};

void body_begin(struct body *body, bool is_packed, size_t limit, struct body_budget *budget);
/* LIMIT: too large; AGAIN: the budget is used up; INVALID: no gzip. Then only body_done(). */
enum status body_add(struct body *body, const void *bytes, size_t size,
                     struct error *err) MUST_CHECK;
/* All was sent; a zero byte stands behind the bytes (NULL when there are none). INVALID: gzip that
 * ends too early. */
enum status body_end(struct body *body, struct error *err) MUST_CHECK;
void body_done(struct body *body);

#endif
