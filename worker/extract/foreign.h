// SPDX-License-Identifier: Apache-2.0
/*
 * foreign - which language a text is in that is not Vietnamese: a guess, by script, and for Latin
 * letters by the short words that only one language uses all the time.
 */
#ifndef WORKER_EXTRACT_FOREIGN_H
#define WORKER_EXTRACT_FOREIGN_H

#include "worker/extract/extract.h"

/* BCP 47, "und" when it cannot be told; needs tokens. */
const char *foreign_language(const struct document *document);

#endif
