// SPDX-License-Identifier: Apache-2.0
/*
 * breaker - a worker from which nothing but failures comes is paused, so that a bad build does not
 * bury the queue.
 *
 *     CLOSED --- limit failures in a row ---> OPEN --- pause over ---> TRYING (one article)
 *        ^                                     ^                         |      |
 *        |                                     '------- failed ----------'      |
 *        '---------------------------- done ------------------------------------'
 */
#ifndef BROKER_BREAKER_H
#define BROKER_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_TRYING };

struct breaker {
    enum breaker_state state;
    unsigned failures; /* in a row */
    int64_t until_ms;  /* OPEN */
};

void breaker_done(struct breaker *breaker);
/* True when this failure opened it. */
bool breaker_failed(struct breaker *breaker, unsigned limit, int64_t pause_ms, int64_t now_ms);
/* How many articles the worker may hold now: none, one, or `slots`. */
unsigned breaker_allows(struct breaker *breaker, unsigned slots, int64_t now_ms);
bool breaker_is_open(const struct breaker *breaker);

#endif
