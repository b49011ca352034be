// SPDX-License-Identifier: Apache-2.0
/*
 * migrations - the numbered SQL files of worker/store/migrations/, embedded at build time.
 */
#ifndef WORKER_STORE_MIGRATIONS_H
#define WORKER_STORE_MIGRATIONS_H

#include <stddef.h>

struct migration {
    int version; /* 1, 2, 3, … without a hole */
    const char *name;
    const char *sql; /* NUL-terminated */
    size_t size;     /* without the NUL */
};

extern const struct migration migrations[];
extern const int migration_count; /* also the schema version that this build writes */

#endif
