// SPDX-License-Identifier: Apache-2.0
/*
 * knowledge_tables - the shape of what worker/model/compile_knowledge.py writes.
 *
 * A trie over folded syllables: a node has edges sorted by syllable and the values of the phrase
 * that ends there. Only knowledge.c reads these tables; everybody else asks gazetteer.h.
 */
#ifndef WORKER_EXTRACT_KNOWLEDGE_TABLES_H
#define WORKER_EXTRACT_KNOWLEDGE_TABLES_H

#include <stdint.h>

#include "worker/extract/gazetteer.h"

struct knowledge_node {
    uint32_t first_edge;
    uint32_t first_value;
    uint16_t edge_count;
    uint16_t value_count;
};

struct knowledge_edge {
    uint32_t syllable;
    uint32_t node;
};

struct knowledge_value {
    uint16_t category; /* enum category */
    uint16_t value;    /* its class, or the index of a place */
};

extern const char *const knowledge_syllables[]; /* sorted by bytes */
extern const uint32_t knowledge_syllable_count;
extern const struct knowledge_node knowledge_nodes[]; /* the first is the root */
extern const struct knowledge_edge knowledge_edges[];
extern const struct knowledge_value knowledge_values[];
extern const struct place knowledge_places[];
extern const uint8_t knowledge_source_digest[32]; /* of the tables */
extern const uint8_t rules_source_digest[32];     /* of the C files that use them */

#endif
