// SPDX-License-Identifier: Apache-2.0
/*
 * sketch - what near copies of one report have in common, whatever their menus and spellings.
 *
 * Both parts are made of the runs of three folded syllables in lead and body. `bits` is a SimHash
 * (Charikar 2002): the share of bits in which two differ grows with the angle between the articles.
 * `bands` say which articles to compare at all: minima of one permutation in 24 bins (Li, Owen and
 * Zhang 2012, empty bins filled by rotation as Shrivastava and Li 2014 do), three to a band, so
 * that articles with a share s of common runs have a band in common with probability 1 - (1 -
 * s^3)^8: .97 for s = .7, .01 for s = .1.
 */
#ifndef WORKER_EXTRACT_SKETCH_H
#define WORKER_EXTRACT_SKETCH_H

#include "worker/extract/extract.h"

/* Needs tokens and sentences. */
void sketch_find(struct document *document);

#endif
