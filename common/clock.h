// SPDX-License-Identifier: Apache-2.0
/*
 * clock - wall time for what is kept, monotonic time for what is measured. Both in milliseconds.
 *
 * Wall time goes to disk and into messages and may jump; monotonic time never leaves the process.
 */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stdint.h>

int64_t clock_wall_ms(void);
int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);

/* "2026-03-01T12:00:00.123Z" */
#define CLOCK_TEXT_SIZE 32
const char *clock_text(int64_t wall_ms, char buffer[CLOCK_TEXT_SIZE]);

#endif
