// SPDX-License-Identifier: Apache-2.0
/*
 * store_story - a stream of turns that chance writes, the same for the same seed, and a digest of
 * everything that can be read from a store.
 *
 * Turn n of a story depends on the seed, on n and on what the store says of its ids, so two stores
 * that were told the same turns hold the same. A store that was killed while it was told turn n
 * must have the digest of n - 1 turns or of n, and of n when turn n was acknowledged.
 */
#ifndef TESTS_UNIT_STORE_STORY_H
#define TESTS_UNIT_STORE_STORY_H

#include "broker/store.h"

/* Tells the store one turn; what store_submit() said. */
enum status story_tell(struct store *store, unsigned seed, unsigned number, struct error *err);

void story_digest(struct store *store, uint8_t ret_digest[DIGEST_SIZE]);

#endif
