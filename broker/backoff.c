// SPDX-License-Identifier: Apache-2.0
#include "broker/backoff.h"

int64_t backoff_ms(int64_t first_ms, int64_t limit_ms, unsigned attempts, uint32_t random)
{
    int64_t wait_ms = first_ms;
    for (unsigned i = 1; i < attempts && wait_ms < limit_ms; i++)
        wait_ms *= 2;
    if (wait_ms > limit_ms)
        wait_ms = limit_ms;
    int64_t jitter_ms = wait_ms / 4;
    return wait_ms - (jitter_ms ? (int64_t)(random % (uint64_t)(jitter_ms + 1)) : 0);
}
