// SPDX-License-Identifier: Apache-2.0
#include "client/command/interrupt.h"

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "client/command/invocation.h"

static volatile sig_atomic_t count;

static void on_signal(int number)
{
    (void)number;
    if (++count > 1)
        _exit(EXIT_INTERRUPTED); /* what was saved is saved */
}

void interrupt_install(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

int interrupt_count(void)
{
    return count;
}

void interrupt_wait(int64_t ms)
{
    if (!count)
        (void)poll(NULL, 0, (int)ms);
}
