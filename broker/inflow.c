// SPDX-License-Identifier: Apache-2.0
#include "broker/inflow.h"

#include <stdatomic.h>
#include <stddef.h>
#include <sys/socket.h>

static _Atomic uint64_t counts[INFLOW_FILES];

/* Under its own name <sys/socket.h> would declare it once more. */
ssize_t inflow_receive(int file, void *bytes, size_t size, int flags) __asm__("recv");

ssize_t inflow_receive(int file, void *bytes, size_t size, int flags)
{
    ssize_t count = recvfrom(file, bytes, size, flags, NULL, NULL);
    if (count > 0 && file >= 0 && !(flags & MSG_PEEK))
        atomic_fetch_add_explicit(&counts[file % INFLOW_FILES], (uint64_t)count,
                                  memory_order_relaxed);
    return count;
}

uint64_t inflow_bytes(int file)
{
    if (file < 0)
        return 0;
    return atomic_load_explicit(&counts[file % INFLOW_FILES], memory_order_relaxed);
}
