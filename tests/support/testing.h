// SPDX-License-Identifier: Apache-2.0
/*
 * testing - cmocka, whose headers want a certain order, and what every unit test needs beside it.
 */
#ifndef TESTS_SUPPORT_TESTING_H
#define TESTS_SUPPORT_TESTING_H

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <stdlib.h>
#include <string.h>

#include "common/status.h"

/* call is an expression of type enum status that fills the struct error called err. */
#define assert_ok(call, err)                       \
    do {                                           \
        if ((call) != STATUS_OK)                   \
            fail_msg("%s: %s", #call, (err).text); \
    } while (0)

/* The call fails with this status, and its sentence holds the part. */
#define assert_refused(call, wanted, err, part)                               \
    do {                                                                      \
        assert_int_equal((call), (wanted));                                   \
        if (!strstr((err).text, (part)))                                      \
            fail_msg("the sentence \"%s\" lacks \"%s\"", (err).text, (part)); \
    } while (0)

#define assert_contains(text, part)                          \
    do {                                                     \
        if (!strstr((text), (part)))                         \
            fail_msg("\"%s\" lacks \"%s\"", (text), (part)); \
    } while (0)

/* Everything a function prints to a FILE, as text that the caller frees. */
#define PRINTED(ret_text, stream, print)                           \
    do {                                                           \
        size_t printed_size = 0;                                   \
        FILE *stream = open_memstream(&(ret_text), &printed_size); \
        assert_non_null(stream);                                   \
        print;                                                     \
        assert_int_equal(fclose(stream), 0);                       \
    } while (0)

#endif
