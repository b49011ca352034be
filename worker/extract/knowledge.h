// SPDX-License-Identifier: Apache-2.0
/*
 * knowledge - what the extractor knows before it reads: names of places, bodies, crimes, titles,
 * ranks.
 *
 * Compiled from worker/model/knowledge/ (plain TSV, sorted, each file with its source) into the
 * program at build time. Read-only after opening and shared by all threads. The digest covers every
 * byte that can change a result, so two workers with the same digest extract the same.
 */
#ifndef WORKER_EXTRACT_KNOWLEDGE_H
#define WORKER_EXTRACT_KNOWLEDGE_H

#include "common/digest.h"
#include "common/status.h"

struct knowledge;

struct knowledge *knowledge_open(void);
void knowledge_close(struct knowledge **knowledge_p);

/* Announced by workers, stored with every extraction. */
const uint8_t *knowledge_digest(const struct knowledge *knowledge);

#endif
