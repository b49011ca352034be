// SPDX-License-Identifier: Apache-2.0
/*
 * notify - tell systemd how we are; nothing happens when it did not start us.
 *
 * READY once everything is bound, STOPPING when a drain begins, a watchdog beat from the loop: a
 * loop that no longer turns is restarted. No call ever waits: what a systemd that hangs does not
 * read is said again with later beats. Call from the loop's thread only.
 */
#ifndef COMMON_NOTIFY_H
#define COMMON_NOTIFY_H

#include <stdint.h>

void notify_ready(void);
void notify_stopping(void);
/* One line for `systemctl status`. */
void notify_status(const char *sentence);
/* Cheap enough for every turn: sends at most twice per watchdog interval. */
void notify_beat(int64_t now_mono_ms);

#endif
