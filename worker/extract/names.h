// SPDX-License-Identifier: Apache-2.0
/*
 * names - the names one article has used so far, so that a name recognised once helps the rest.
 *
 * A name is a sequence of folded tokens with its type and the best certainty it was seen with. The
 * table never answers by hash order: what is asked is always one exact sequence.
 */
#ifndef WORKER_EXTRACT_NAMES_H
#define WORKER_EXTRACT_NAMES_H

#include "worker/extract/gazetteer.h"

struct names;

struct names *names_new(struct reading *reading);

/* Remember the tokens [first, end) as a name of this type; weights of the same name add up. */
void names_add(struct names *names, uint32_t first, uint32_t end, Newsloom__V1__EntityType type,
               uint32_t weight);

/* The type with the greatest weight for exactly these tokens; UNSPECIFIED when not known. */
Newsloom__V1__EntityType names_type(const struct names *names, uint32_t first, uint32_t end,
                                    uint32_t *ret_weight);

#endif
