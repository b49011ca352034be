// SPDX-License-Identifier: Apache-2.0
/*
 * corpus - annotated articles as the trainer reads them.
 *
 * worker/model/check_corpus.py says what the files look like and checks them; here only what cannot
 * be parsed is refused. An article's text is its lines without labels and marks; offsets count code
 * points, as everywhere. The files of a folder are read by name, so the order is always the same.
 */
#ifndef WORKER_MODEL_CORPUS_H
#define WORKER_MODEL_CORPUS_H

#include "worker/extract/features.h"

struct annotation {
    struct span span;
    Newsloom__V1__EntityType type;
};

struct corpus_article {
    const char *place; /* file:line */
    const char *text;
    size_t size;
    const char *published; /* ISO date or "" */
    struct section *sections;
    uint32_t section_count;
    struct annotation *annotations; /* by start */
    uint32_t annotation_count;
};

struct corpus {
    struct arena *arena;
    struct corpus_article *articles;
    uint32_t count;
    uint32_t room;
};

/* All *.ann files of a folder, or one file. INVALID names the line. */
enum status corpus_read(const char *path, struct corpus **ret_corpus, struct error *err) MUST_CHECK;
void corpus_free(struct corpus **corpus_p);

/* One more article, zeroed; its lists may be given room for. */
struct corpus_article *corpus_add(struct corpus *corpus);

#endif
