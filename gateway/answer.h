// SPDX-License-Identifier: Apache-2.0
/*
 * answer - what a request is answered with, before it becomes HTTP.
 *
 * Errors are problems (RFC 9457, application/problem+json): a status, a kind that a program can
 * branch on, a sentence for people, and where it applies a code of the contract.
 *
 *      {"type": "urn:newsloom:problem:too-large", "title": "…", "status": 413,
 *       "detail": "the body is larger than 16777216 bytes"}
 *
 * Ownership: an answer owns its body and headers; server.c hands them over to libmicrohttpd.
 */
#ifndef GATEWAY_ANSWER_H
#define GATEWAY_ANSWER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/status.h"

/* slug, status, title */
#define PROBLEM_MAP(X)                                                                            \
    X(BAD_ADDRESS, "bad-address", 400, "The address of the request is wrong")                     \
    X(BAD_BODY, "bad-body", 400, "The body of the request cannot be read")                        \
    X(NO_TOKEN, "no-token", 401, "This needs a bearer token that is known here")                  \
    X(WRONG_ROLE, "wrong-role", 403, "The token does not allow this")                             \
    X(WRONG_HOST, "wrong-host", 403, "Without tokens only requests to a local name are answered") \
    X(NOT_FOUND, "not-found", 404, "There is no such thing")                                      \
    X(WRONG_METHOD, "wrong-method", 405, "This is not done by that method")                       \
    X(NOT_ACCEPTABLE, "not-acceptable", 406, "There is no such form of this")                     \
    X(WAS_FORGOTTEN, "was-forgotten", 409, "An operator had this article forgotten")              \
    X(CURSOR_GONE, "cursor-gone", 410, "Entries between the cursor and the log are gone")         \
    X(TOO_LARGE, "too-large", 413, "The request is too large")                                    \
    X(WRONG_TYPE, "wrong-type", 415, "Bodies of this type or encoding are not taken")             \
    X(REFUSED, "refused", 422, "The article was refused; the same again cannot help")             \
    X(OTHER_BODY, "other-body", 422, "The Idempotency-Key was used with another body")            \
    X(SLOW_DOWN, "slow-down", 429, "The broker takes nothing now")                                \
    X(BROKEN, "broken", 500, "This was not expected")                                             \
    X(NOT_ALLOWED, "not-allowed", 502, "The broker does not allow the gateway to do this")        \
    X(UNAVAILABLE, "unavailable", 503, "What answers this is away or busy")

enum problem {
#define X(name, slug, status, title) PROBLEM_##name,
    PROBLEM_MAP(X)
#undef X
        PROBLEM_COUNT,
};

#define ANSWER_HEADERS 6

/* Bytes as they come, on a thread of its own: 0 is the end. */
typedef ssize_t answer_read(void *stream, char *buffer, size_t size);

struct answer {
    unsigned status; /* 0: there is none yet */
    const char *type;
    char *body;
    size_t size;
    struct {
        const char *name;
        char *value;
    } headers[ANSWER_HEADERS];
    size_t header_count;
    void *stream; /* in place of the body */
    answer_read *read;
    void (*close)(void *stream);
};

void answer_header(struct answer *answer, const char *name, const char *format, ...) PRINTF(3, 4);
/* Takes body. */
void answer_bytes(struct answer *answer, unsigned status, const char *type, char **body_p,
                  size_t size);
void answer_text(struct answer *answer, unsigned status, const char *sentence);
/* Takes the value. */
void answer_json(struct answer *answer, unsigned status, json_t **value_p);
void answer_problem(struct answer *answer, enum problem problem, const char *format, ...)
    PRINTF(3, 4);
/* For more members; answer_give_problem() takes it. */
json_t *problem_new(enum problem problem, const char *detail);
void answer_give_problem(struct answer *answer, enum problem problem, json_t **value_p);
unsigned problem_status(enum problem problem);
/* Before it became HTTP. */
void answer_done(struct answer *answer);

#endif
