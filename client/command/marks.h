// SPDX-License-Identifier: Apache-2.0
/*
 * marks - a stored text with what stands in it: sections in order, mentions and sentences as marks.
 *
 * Marks may nest and overlap in any way; what is open is always closed in reverse, so that a
 * visitor can write a tree. Every code point of the text is visited once: what no section covers is
 * a section of kind UNSPECIFIED, unless it is blank.
 */
#ifndef CLIENT_COMMAND_MARKS_H
#define CLIENT_COMMAND_MARKS_H

#include <stdbool.h>

#include "client/command/database_article.h"

enum mark_kind {
    MARK_SENTENCE, /* of an event or a role; index counts distinct ones from 0 */
    MARK_MENTION,  /* index into found->mentions */
};

struct mark {
    uint32_t start;
    uint32_t end;
    enum mark_kind kind;
    size_t index;
};

struct marks {
    struct mark *marks; /* by start, longer ones first */
    size_t count;
    struct mark *sentences; /* the distinct ones, by start */
    size_t sentence_count;
};

/* is_new: its start, and no reopening after an overlap; is_end: its end. */
struct marks_visitor {
    void (*section)(void *context, Newsloom__V1__SectionKind kind, bool begins);
    void (*open)(void *context, const struct mark *mark, bool is_new);
    void (*close)(void *context, const struct mark *mark, bool is_end);
    void (*text)(void *context, const char *text, size_t size);
};

void marks_init(struct marks *marks, const struct database_article *article);
void marks_done(struct marks *marks);
void marks_visit(const struct marks *marks, const struct database_article *article,
                 const struct marks_visitor *visitor, void *context);

/* Of the sentence with these ends; sentence_count when there is none. */
size_t marks_sentence(const struct marks *marks, uint32_t start, uint32_t end);

#endif
