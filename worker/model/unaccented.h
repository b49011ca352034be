// SPDX-License-Identifier: Apache-2.0
/*
 * unaccented - articles of the corpus as those write who type no diacritics: "Cong an Ha Noi".
 */
#ifndef WORKER_MODEL_UNACCENTED_H
#define WORKER_MODEL_UNACCENTED_H

#include "worker/model/corpus.h"

/* The article without diacritics, in the arena. Every code point stays one, so every mark stays
 * where it is; marks that combine are letters of their own here and stay, too. */
struct corpus_article unaccented(const struct corpus_article *article, struct arena *arena);

#endif
