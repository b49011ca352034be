// SPDX-License-Identifier: Apache-2.0
/*
 * knowledge_tables - the shape of what worker/model/compile_knowledge.py writes.
 *
 * Syllables have numbers; knowledge_slots finds them by the key of words.h. The phrases are a trie
 * over these numbers, packed as a double array: from a state by a number one comes to the state
 * base
 * + number, if that one says that it came from there. Only knowledge.c reads these tables;
 * everybody else asks gazetteer.h.
 */
#ifndef WORKER_EXTRACT_KNOWLEDGE_TABLES_H
#define WORKER_EXTRACT_KNOWLEDGE_TABLES_H

#include <stdint.h>

#include "worker/extract/gazetteer.h"

struct knowledge_state {
    uint32_t base;        /* UINT32_MAX: nothing goes on from here */
    uint32_t origin;      /* the state before; UINT32_MAX: the root, or no state at all */
    uint32_t categories;  /* of its matches */
    uint16_t first_match; /* the longest phrase of each category on the way here, by category */
    uint16_t match_count;
};

extern const char *const knowledge_syllables[]; /* from 1, sorted by bytes */
extern const uint64_t knowledge_keys[];         /* of them */
extern const uint32_t knowledge_syllable_count;
extern const uint16_t knowledge_slots[]; /* open addressing by key: number, 0: free */
extern const unsigned knowledge_slot_bits;
extern const struct knowledge_state knowledge_states[]; /* the first is the root */
extern const uint32_t knowledge_state_count;
extern const struct phrase_match knowledge_matches[];
extern const struct place knowledge_places[];
extern const uint8_t knowledge_source_digest[32]; /* of the tables */
extern const uint8_t rules_source_digest[32];     /* of the C files that use them */

#endif
