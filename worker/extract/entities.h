// SPDX-License-Identifier: Apache-2.0
/*
 * entities - which mentions of one article name the same thing, and its id.
 *
 * Fills document.entities in the order of their first mention and sets mention.entity. An id is a
 * UUID of version 8 from type, canonical key and key version, computed without asking anyone: the
 * same body or place has the same id in every article. Two people of one name are not one person: a
 * person's key is the name with its context (body, post, else the article), and so are the short
 * names of bodies that only their article explains ("Công an tỉnh").
 */
#ifndef WORKER_EXTRACT_ENTITIES_H
#define WORKER_EXTRACT_ENTITIES_H

#include "worker/extract/extract.h"
#include "worker/extract/knowledge.h"

void entities_join(struct document *document, const struct knowledge *knowledge);

#endif
