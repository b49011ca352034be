// SPDX-License-Identifier: Apache-2.0
/*
 * events - what happened between the people, bodies and places that the article names.
 *
 * Fills document.events by the start of their triggers: MEET, VISIT, SIGN, ARREST, HANDOVER and
 * APPOINT, each with its mode, its modality, the sentence that is its evidence and its arguments.
 * At most two of one type in a sentence. What is only demanded, wished for or possible is left out.
 */
#ifndef WORKER_EXTRACT_EVENTS_H
#define WORKER_EXTRACT_EVENTS_H

#include "worker/extract/extract.h"
#include "worker/extract/knowledge.h"

void events_find(struct document *document, const struct knowledge *knowledge);

#endif
