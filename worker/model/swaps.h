// SPDX-License-Identifier: Apache-2.0
/*
 * swaps - articles of the corpus told again with other names.
 *
 * A pool holds the names that some articles mark: of people, and of places, also those that end the
 * name of a body. swap_names() tells an article again with names of the same kind drawn from it,
 * each name for the same one throughout: "Nguyễn Văn Thành … Thành" stays one person. What a name
 * is, the gazetteers say: a family name first or not, a province, a country, else what stands
 * before it ("xã"); besides, it has as many syllables. A person's family name and what follows are
 * drawn apart. All other text stays, and every mark stands on what it stood on.
 */
#ifndef WORKER_MODEL_SWAPS_H
#define WORKER_MODEL_SWAPS_H

#include "worker/model/corpus.h"

struct name_pool;

struct name_pool *name_pool_new(void);
void name_pool_free(struct name_pool **pool_p);

/* Gather the article's names. */
void name_pool_add(struct name_pool *pool, const struct corpus_article *article,
                   const struct knowledge *knowledge);

/* The article with other names, in the arena; the state is that of next_random(). No name may be
 * gathered after the first call. */
struct corpus_article swap_names(struct name_pool *pool, const struct corpus_article *article,
                                 const struct knowledge *knowledge, uint64_t *state,
                                 struct arena *arena);

#endif
