// SPDX-License-Identifier: Apache-2.0
/*
 * knowledge - what the extractor knows before it reads: names of places, bodies, crimes, titles,
 * ranks.
 *
 * Compiled from worker/model/knowledge/ (plain TSV, sorted, each file with its source) into the
 * program at build time; the tagger's model is a file beside it. Read-only after opening and shared
 * by all threads. The digest covers every byte that can change a result, so two workers with the
 * same digest extract the same.
 */
#ifndef WORKER_EXTRACT_KNOWLEDGE_H
#define WORKER_EXTRACT_KNOWLEDGE_H

#include "common/digest.h"
#include "common/status.h"

struct knowledge;
struct tagger; /* tagger.h */

/* Everything that extraction needs, with the model at this path; NULL or "": the one that lies
 * beside this program. The error says which file it is and what to do. */
enum status knowledge_open(const char *model_path, struct knowledge **ret_knowledge,
                           struct error *err) MUST_CHECK;
/* Gazetteers and rules alone: what a model is trained with. */
struct knowledge *knowledge_open_untrained(void);
void knowledge_close(struct knowledge **knowledge_p);

/* NULL: untrained. */
const struct tagger *knowledge_tagger(const struct knowledge *knowledge);

/* Announced by workers, stored with every extraction. */
const uint8_t *knowledge_digest(const struct knowledge *knowledge);

#endif
