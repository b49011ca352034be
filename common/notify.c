// SPDX-License-Identifier: Apache-2.0
#include "common/notify.h"

#include <stdbool.h>
#include <systemd/sd-daemon.h>

/* Unset before the first thread starts; -1: not asked yet, 0: no watchdog. */
static int64_t beat_every_ms = -1;
static int64_t next_beat_ms;

void notify_ready(void)
{
    (void)sd_notify(false, "READY=1");
}

void notify_stopping(void)
{
    (void)sd_notify(false, "STOPPING=1");
}

void notify_status(const char *sentence)
{
    (void)sd_notifyf(false, "STATUS=%s", sentence);
}

void notify_beat(int64_t now_mono_ms)
{
    if (beat_every_ms < 0) {
        uint64_t interval_us = 0;
        beat_every_ms =
            sd_watchdog_enabled(false, &interval_us) > 0 ? (int64_t)(interval_us / 2000) : 0;
    }
    if (beat_every_ms == 0 || now_mono_ms < next_beat_ms)
        return;
    next_beat_ms = now_mono_ms + beat_every_ms;
    (void)sd_notify(false, "WATCHDOG=1");
}
