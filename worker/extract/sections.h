// SPDX-License-Identifier: Apache-2.0
/*
 * sections - which line of a page is what: title, lead, metadata, body, caption or junk.
 *
 * One section a line that is not blank, in the order of the text, without the white space around
 * it. Judged by rules over the line itself and where it stands; the page needs no markup. Reads
 * document.text and document.input, fills sections, page_kind, title and author.
 */
#ifndef WORKER_EXTRACT_SECTIONS_H
#define WORKER_EXTRACT_SECTIONS_H

#include "worker/extract/extract.h"

void sections_find(struct document *document);

#endif
