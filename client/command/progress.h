// SPDX-License-Identifier: Apache-2.0
/*
 * progress - one line on a terminal that says how far a verb is; nothing when stderr is none.
 */
#ifndef CLIENT_COMMAND_PROGRESS_H
#define CLIENT_COMMAND_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool shown; /* stderr is a terminal and nobody asked for quiet */
    bool drawn;
    int64_t start_ms;
    int64_t drawn_ms;
};

struct progress_figures {
    double share; /* 0 to 1; below 0: the end is not known */
    uint64_t done;
    const char *note; /* "waiting for the broker"; or NULL */
    const char *unit; /* of done; NULL: "articles" */
};

void progress_init(struct progress *progress, bool wanted);
/* Draws at most ten times a second, or when forced. */
void progress_draw(struct progress *progress, const struct progress_figures *figures, bool forced);
/* Takes the line away, before something else is said. */
void progress_clear(struct progress *progress);

#endif
