// SPDX-License-Identifier: Apache-2.0
#include "broker/calendar.h"

#include <inttypes.h>

#include "common/clock.h"
#include "common/log.h"

#define JUMP_MS     60000
#define BELIEVED_MS 3600000
#define WRITTEN_MS  INT64_C(1735689600000) /* 2025-01-01 */

static void jump(struct calendar *calendar, int64_t mono_ms, int64_t jump_ms)
{
    calendar->jumped_ms += jump_ms;
    calendar->believe_ms = mono_ms + BELIEVED_MS;
    log_warn("clock-jumped", "ms=%" PRId64 ": not believed for an hour, see to it", jump_ms);
}

void calendar_open(struct calendar *calendar, int64_t told_ms, int64_t mono_ms, int64_t newest_ms)
{
    *calendar = (struct calendar){.now_ms = told_ms};
    if (newest_ms < WRITTEN_MS || newest_ms - told_ms <= JUMP_MS)
        return;
    calendar->now_ms = newest_ms;
    jump(calendar, mono_ms, told_ms - newest_ms);
}

int64_t calendar_read(struct calendar *calendar, int64_t mono_ms, int64_t passed_ms)
{
    int64_t told_ms = clock_wall_ms();
    int64_t jump_ms = told_ms - calendar->jumped_ms - calendar->now_ms - passed_ms;
    if ((jump_ms > JUMP_MS || jump_ms < -JUMP_MS) && calendar->now_ms > WRITTEN_MS)
        jump(calendar, mono_ms, jump_ms);
    if (mono_ms >= calendar->believe_ms)
        calendar->jumped_ms = 0;
    calendar->now_ms = told_ms - calendar->jumped_ms;
    return calendar->now_ms;
}
