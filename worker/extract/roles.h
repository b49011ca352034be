// SPDX-License-Identifier: Apache-2.0
/*
 * roles - which rank and which posts the article gives to a person.
 *
 * Fills document.roles, one entry for each person that has a rank or a post, in the order of the
 * persons' first mentions. Reads the mentions, and the entities when they are joined already.
 */
#ifndef WORKER_EXTRACT_ROLES_H
#define WORKER_EXTRACT_ROLES_H

#include "worker/extract/extract.h"
#include "worker/extract/knowledge.h"

void roles_find(struct document *document, const struct knowledge *knowledge);

#endif
