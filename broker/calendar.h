// SPDX-License-Identifier: Apache-2.0
/*
 * calendar - the wall clock without its jumps, for what goes to disk and into messages.
 *
 * A clock that was set is no time that has passed, and somebody may be about to set it right again.
 * So a jump of more than a minute, against the monotonic clock or behind what the store already
 * holds, is not believed for an hour: until then the calendar goes on by the monotonic clock.
 * Otherwise what comes in meanwhile would look older than it is and be forgotten for its age; or
 * everything else would. A clock from before this program was written is not held on to.
 *
 * Not to be told from a long rest is a clock that is ahead when the broker starts: it is believed.
 *
 * Not shared between threads.
 */
#ifndef BROKER_CALENDAR_H
#define BROKER_CALENDAR_H

#include <stdint.h>

struct calendar {
    int64_t now_ms;     /* since 1970 */
    int64_t jumped_ms;  /* how far the clock was set, which is not believed yet */
    int64_t believe_ms; /* mono: from then on it is */
};

/* told_ms: what the wall clock said at mono_ms. newest_ms: the newest time in the store; 0: none.
 */
void calendar_open(struct calendar *calendar, int64_t told_ms, int64_t mono_ms, int64_t newest_ms);

/* What time it is, passed_ms after the last call by the monotonic clock, which is now mono_ms. */
int64_t calendar_read(struct calendar *calendar, int64_t mono_ms, int64_t passed_ms);

#endif
