// SPDX-License-Identifier: Apache-2.0
/*
 * document - growing the lists of a document, and looking into its text.
 *
 * The lists live in the document's arena; a pointer into one is good until the next call that adds
 * to the same list. All questions are answered from the plain structs of extract.h.
 */
#ifndef WORKER_EXTRACT_DOCUMENT_H
#define WORKER_EXTRACT_DOCUMENT_H

#include "worker/extract/extract.h"
#include "worker/extract/points.h"

/* Each adds one element and returns it: zeroed, but for a token, which is to be written whole. */
struct section *document_add_section(struct document *document);
struct sentence *document_add_sentence(struct document *document);
struct token *document_add_token(struct document *document);
struct mention *document_add_mention(struct document *document);

/* By start, then the longer first, then by type; the order every later step relies on. */
void document_sort_mentions(struct document *document);

/* Build the code point view of clean UTF-8; bytes must live in the arena. */
struct text text_view(struct arena *arena, const char *bytes, size_t size);

#endif
