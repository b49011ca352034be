// SPDX-License-Identifier: Apache-2.0
/*
 * intake - articles from files: .txt is one, .html is one, .jsonl holds one a line.
 *
 * A line of .jsonl is an object with "text" or "html", never both, and optionally "file", "url",
 * "source", "title", "author", "published", "fetched", "language"; other keys are left alone. "-"
 * is standard input: lines of JSON when it begins with "{", else one plain text. A folder is read
 * with all below it, in the order of names.
 */
#ifndef WORKER_EXTRACT_INTAKE_H
#define WORKER_EXTRACT_INTAKE_H

#include "worker/extract/extract.h"

struct intake_article {
    struct article_input input;
    char *file;   /* how the article is called in the output */
    void *holder; /* what keeps the texts of input alive */
    char *bytes;
};

void intake_article_free(struct intake_article **article_p);

struct intake {
    /* Takes the article; false: stop reading. */
    bool (*take)(void *context, struct intake_article *article);
    /* Told of what could not be read; reading goes on. */
    void (*complain)(void *context, const struct error *err);
    void *context;
};

void intake_read(const struct intake *intake, const char *path);

#endif
