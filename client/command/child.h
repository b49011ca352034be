// SPDX-License-Identifier: Apache-2.0
/*
 * child - another program, run to its end with what it said.
 */
#ifndef CLIENT_COMMAND_CHILD_H
#define CLIENT_COMMAND_CHILD_H

#include <stdint.h>

#include "common/status.h"

struct child_output {
    int code;  /* of its exit; 128 and the signal's number when one ended it */
    char *out; /* both as text, at most 1 MiB of each */
    char *err;
};

/* argv ends with NULL; argv[0] is looked for in PATH unless it has a slash. Its standard input is
 * empty. NOT_FOUND: there is no such program; AGAIN: it was ended because it took longer than
 * limit_ms. The output is to be freed with child_output_done() when the status is OK. */
enum status child_run(const char *const *argv, int64_t limit_ms, struct child_output *ret_output,
                      struct error *err) MUST_CHECK;
void child_output_done(struct child_output *output);

#endif
