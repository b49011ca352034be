// SPDX-License-Identifier: Apache-2.0
/*
 * topics - what filters of subscribers look at, read off an Extraction.
 */
#ifndef WORKER_TOPICS_H
#define WORKER_TOPICS_H

#include "common/arena.h"

#include "extraction.pb-c.h"
#include "wire.pb-c.h"

/* Types and ids in ascending order, each once; more than TOPIC_ENTITY_LIMIT entities set
 * every_entity instead. The message lives in the arena. */
Newsloom__V1__Topics *topics_of(const Newsloom__V1__Extraction *extraction, struct arena *arena);

#endif
