// SPDX-License-Identifier: Apache-2.0
/*
 * target - what a request asks for: the path and the parameters behind it, decoded.
 *
 * Strict: a broken %-escape, U+0000, and what is no UTF-8 are INVALID; so nothing behind this
 * module ever sees a text that ends early. In parameters a "+" is a blank.
 *
 * Ownership: a target owns its texts until target_done(). Only read after parsing.
 */
#ifndef GATEWAY_TARGET_H
#define GATEWAY_TARGET_H

#include <stddef.h>

#include "common/status.h"

#define TARGET_LIMIT      8192
#define TARGET_PARAMETERS 64

struct target {
    char *text; /* what the others point into */
    const char *path;
    struct target_parameter {
        const char *name;
        const char *value;
    } parameters[TARGET_PARAMETERS];
    size_t count;
};

/* raw as it stands in the request line: "/v1/events?after=42". Always to be followed by _done(). */
enum status target_parse(struct target *ret_target, const char *raw, struct error *err) MUST_CHECK;
void target_done(struct target *target);

/* The first value of this name; NULL: there is none. */
const char *target_value(const struct target *target, const char *name);
/* INVALID: a parameter that is none of these (NULL ends the list): a misspelt filter must not look
 * like a wide one. */
enum status target_knows_only(const struct target *target, const char *const *names,
                              struct error *err) MUST_CHECK;
/* A whole number from min to max; *ret_value is left alone when it is not given. */
enum status target_number(const struct target *target, const char *name, long min, long max,
                          long *ret_value, struct error *err) MUST_CHECK;

#endif
