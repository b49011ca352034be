// SPDX-License-Identifier: Apache-2.0
/*
 * joints - before which words of a run without line breaks a line of the page began.
 *
 * "Dân làng sửa đường sau lũ 20/12/2016 | 08:07 Người dân trong làng đã cùng nhau …": date lines,
 * the heads of lists, captions and counters are known by their words, headlines and menus by the
 * words that begin and end lines (line_words.tsv). Works on one run of words after the other
 * (seams.h).
 */
#ifndef WORKER_EXTRACT_JOINTS_H
#define WORKER_EXTRACT_JOINTS_H

#include "worker/extract/extract.h"
#include "worker/extract/vocabulary.h"

enum { RUN_MOST_WORDS = 256 };

enum run_word_look {
    RUN_CAPITAL = 1,   /* begins with one */
    RUN_CAPITALS = 2,  /* has no other letters */
    RUN_FIGURE = 4,    /* begins with a figure */
    RUN_COMMA = 8,     /* ends with a mark inside sentences */
    RUN_ENDED = 16,    /* ends with a mark of their end */
    RUN_DATE = 32,     /* d/m/yyyy */
    RUN_CLOCK = 64,    /* 08:07 */
    RUN_MARK = 128,    /* neither letters nor figures */
    RUN_OPENING = 256, /* begins with a bracket or a quote */
    RUN_STAMPED = 512, /* stands in a date line */
};

struct run_word {
    struct span span;
    struct span bare; /* without marks around it */
    unsigned looks;   /* bits of enum run_word_look */
    bool is_joint;    /* a line begins here */
};

/* Words between two full stops, or between what else is known to part lines. */
struct run {
    const struct document *document;
    struct run_word words[RUN_MOST_WORDS];
    uint32_t count;
    uint32_t repeated;    /* the first so many stood as a line of their own before */
    bool is_ended;        /* by a full stop: its last line is a sentence */
    bool is_open;         /* may begin with other lines than its sentence */
    bool is_in_list;      /* below the head of a list of other articles */
    bool is_head;         /* a list of other articles begins here */
    bool has_credit;      /* of a picture, somewhere */
    bool opens_in_credit; /* of a picture, whose caption stands before the run */
};

/* The word's looks and bare span, from its span. */
void run_word_look_at(const struct document *document, struct run_word *word);

/* Sets is_joint of the words, is_head and opens_in_credit. */
void joints_find(struct run *run, const struct vocabulary *vocabulary);

#endif
