// SPDX-License-Identifier: Apache-2.0
/*
 * sketch - a 64-bit SimHash over the body's runs of three folded syllables.
 *
 * Two copies of one report differ in few bits, whatever their menus and spellings.
 */
#ifndef WORKER_EXTRACT_SKETCH_H
#define WORKER_EXTRACT_SKETCH_H

#include "worker/extract/extract.h"

void sketch_find(struct document *document);

#endif
