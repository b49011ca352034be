// SPDX-License-Identifier: Apache-2.0
/*
 * interrupt - Ctrl-C and SIGTERM ask a verb to end well; the second one ends it at once.
 */
#ifndef CLIENT_COMMAND_INTERRUPT_H
#define CLIENT_COMMAND_INTERRUPT_H

#include <stdint.h>

void interrupt_install(void);
int interrupt_count(void);
/* Pauses, at most until the first interrupt. */
void interrupt_wait(int64_t ms);

#endif
