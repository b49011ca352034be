// SPDX-License-Identifier: Apache-2.0
/*
 * backoff - how long an article waits for its next attempt.
 */
#ifndef BROKER_BACKOFF_H
#define BROKER_BACKOFF_H

#include <stdint.h>

/*
 * first_ms doubled for each attempt after the first, at most limit_ms, and of that between three
 * quarters and all: articles that failed together do not come back together. random is any number.
 */
int64_t backoff_ms(int64_t first_ms, int64_t limit_ms, unsigned attempts, uint32_t random);

#endif
