// SPDX-License-Identifier: Apache-2.0
#include "broker/breaker.h"

void breaker_done(struct breaker *breaker)
{
    *breaker = (struct breaker){.state = BREAKER_CLOSED};
}

bool breaker_failed(struct breaker *breaker, unsigned limit, int64_t pause_ms, int64_t now_ms)
{
    breaker->failures++;
    if (breaker->state == BREAKER_OPEN)
        return false;
    if (breaker->state == BREAKER_CLOSED && breaker->failures < limit)
        return false;
    breaker->state = BREAKER_OPEN;
    breaker->until_ms = now_ms + pause_ms;
    return true;
}

unsigned breaker_allows(struct breaker *breaker, unsigned slots, int64_t now_ms)
{
    if (breaker->state == BREAKER_OPEN && now_ms >= breaker->until_ms)
        breaker->state = BREAKER_TRYING;
    if (breaker->state == BREAKER_OPEN)
        return 0;
    return breaker->state == BREAKER_TRYING && slots > 1 ? 1 : slots;
}

bool breaker_is_open(const struct breaker *breaker)
{
    return breaker->state == BREAKER_OPEN;
}
