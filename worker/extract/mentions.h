// SPDX-License-Identifier: Apache-2.0
/*
 * mentions - where the article names people, bodies, places, laws, events and crimes.
 *
 * Reads text, sections, sentences, tokens and the dates that dates_find() left in
 * document.mentions; leaves all mentions there, by start and then by end, without overlaps except
 * that a date may stand inside nothing else. Nothing is found in junk.
 *
 * Rules propose candidates with integer scores, the best set without overlaps wins in each
 * sentence, and a second pass lets a name that was recognised once help the same name elsewhere in
 * the article. Time grows with the number of tokens: every rule looks a bounded way ahead.
 */
#ifndef WORKER_EXTRACT_MENTIONS_H
#define WORKER_EXTRACT_MENTIONS_H

#include "worker/extract/extract.h"
#include "worker/extract/knowledge.h"

struct candidate;
struct search;

/* What the rules propose and choose, chosen by start; the first half of mentions_find(). */
const struct candidate *mentions_propose(struct document *document,
                                         const struct knowledge *knowledge,
                                         struct search **ret_search, uint32_t *ret_count);

void mentions_find(struct document *document, const struct knowledge *knowledge);

#endif
