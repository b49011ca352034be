// SPDX-License-Identifier: Apache-2.0
/*
 * lines - the lines of a page and what each looks like by itself.
 *
 * A line that was only wrapped (it goes on in lower case on the next one) is joined with its rest.
 * What a line means on its page is judged by sections.c.
 */
#ifndef WORKER_EXTRACT_LINES_H
#define WORKER_EXTRACT_LINES_H

#include "worker/extract/extract.h"

enum line_look {
    LINE_PROSE = 1,         /* a sentence or more */
    LINE_HEADLINE = 2,      /* some words without a full stop */
    LINE_STOP = 4,          /* heads a list of teasers, a form, a counter: the article is over */
    LINE_NOISE = 8,         /* says by itself that it is no part of the article */
    LINE_DATE = 16,         /* a date line with a full date */
    LINE_TIME = 32,         /* hardly more than a date or a clock time */
    LINE_BYLINE = 64,       /* "Theo …", "Nguồn: …", "PV": says where it comes from */
    LINE_NAME = 128,        /* could be the name of an author or an agency */
    LINE_PICTURE = 256,     /* a picture's file name */
    LINE_CAPTION = 512,     /* says that it belongs to a picture */
    LINE_BULLET = 1024,     /* begins with a dash or a bullet */
    LINE_REPEATED = 2048,   /* stands on an earlier line too */
    LINE_COUNT = 4096,      /* views, readers */
    LINE_ECHO = 8192,       /* repeats the line right before it */
    LINE_BOX = 16384,       /* a stop that may also head a box in the middle of an article */
    LINE_CREDIT = 32768,    /* names somebody, in words that only credits use */
    LINE_ENDED = 65536,     /* ends as a sentence does */
    LINE_DOUBTFUL = 131072, /* long as a paragraph, but perhaps only a headline */
    LINE_ASKED = 262144,    /* a question of an interview */
};

enum { LINE_LOOK_COUNT = 19 };

/* "prose", "headline", …, in the order of the bits. */
extern const char *const line_look_names[LINE_LOOK_COUNT];

struct line {
    struct span span;
    const char *folded; /* lower case NFC, single spaces */
    uint32_t words;
    unsigned looks; /* bits of enum line_look */
};

struct lines {
    struct line *items;
    uint32_t count;
};

struct lines lines_read(const struct document *document);

/* Lower-case NFC with single spaces, for comparing lines and titles; in the arena. */
const char *line_fold(struct arena *arena, const uint32_t *points, uint32_t length);

#endif
