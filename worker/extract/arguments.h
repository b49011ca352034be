// SPDX-License-Identifier: Apache-2.0
/*
 * arguments - who, to whom, where, when, what and how many of one happening.
 */
#ifndef WORKER_EXTRACT_ARGUMENTS_H
#define WORKER_EXTRACT_ARGUMENTS_H

#include "worker/extract/happenings.h"

/* Fill the event's arguments from the names of its sentence. */
void arguments_find(const struct telling *telling, const struct happening *happening,
                    struct event *event);

#endif
