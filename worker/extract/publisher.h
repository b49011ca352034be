// SPDX-License-Identifier: Apache-2.0
/*
 * publisher - the paper or agency that a page names as its own or as the one it took the report
 * from: og:site_name, else a body on a by-line or date line ("Theo …", "(TTXVN)"), else the owner
 * of the article's domain.
 */
#ifndef WORKER_EXTRACT_PUBLISHER_H
#define WORKER_EXTRACT_PUBLISHER_H

#include "worker/extract/extract.h"

/* Sets document.publisher unless the markup told it; needs mentions. */
void publisher_find(struct document *document);

#endif
