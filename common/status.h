// SPDX-License-Identifier: Apache-2.0
/*
 * status - what a fallible function answers, named after what its caller does next.
 *
 * A fallible function returns enum status and fills the caller's struct error with one finished
 * sentence: "could not …: reason" when the same call may work later, "cannot …" when it never will.
 * A NULL error is accepted: the caller only wants the status.
 */
#ifndef COMMON_STATUS_H
#define COMMON_STATUS_H

#include <stddef.h>

#include "common/compiler.h"

#define STATUS_MAP(X)                                      \
    X(OK, "ok")                                            \
    X(AGAIN, "not now; the same call may work later")      \
    X(INVALID, "the input is wrong; retrying cannot help") \
    X(LIMIT, "a configured limit is reached")              \
    X(NOT_FOUND, "there is no such thing")                 \
    X(BROKEN, "we can no longer keep our promises; stop")

enum status {
#define X(name, text) STATUS_##name,
    STATUS_MAP(X)
#undef X
};

struct error {
    enum status status;
    int os_errno; /* 0 when no system call is to blame */
    char text[240];
};

/* Fill err (may be NULL) and return status, so that a failure is one return statement. */
enum status error_set(struct error *err, enum status status, const char *format, ...) PRINTF(3, 4);

/* The same, with ": " and the text of errno appended. */
enum status error_set_errno(struct error *err, enum status status, const char *format, ...)
    PRINTF(3, 4);

#ifdef __clang_analyzer__ /* which would otherwise suppose that a failure may return OK */
#define error_set(err, status, ...) ((void)(error_set)(err, status, __VA_ARGS__), (status))
#define error_set_errno(err, status, ...) \
    ((void)(error_set_errno)(err, status, __VA_ARGS__), (status))
#endif

const char *status_name(enum status status);
const char *status_text(enum status status);

/* The sysexits(3) code a program ends with: INVALID 65, NOT_FOUND 66, AGAIN 75, LIMIT 75,
 * BROKEN 70. */
int status_exit_code(enum status status);

/*
 * ENSURE(fact) is for our own bugs and stays on in every build; it never judges bytes from a
 * socket, a file or the database. It prints the fact and aborts.
 */
#define ENSURE(fact) ((fact) ? (void)0 : ensure_failed(#fact, __FILE__, __LINE__))
void ensure_failed(const char *fact, const char *file, int line) NORETURN;

/* Memory that is never NULL: a program without memory aborts with a sentence. Freed with free(). */
void *memory_new(size_t size); /* zeroed */
void *memory_resize(void *memory, size_t count, size_t size);
void *memory_copy(const void *bytes, size_t size);
char *text_copy(const char *text); /* NULL gives NULL */
char *text_format(const char *format, ...) PRINTF(1, 2);
void text_free(char **text_p);

#endif
