// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/seams.h"

#include <string.h>

#include "worker/extract/joints.h"
#include "worker/extract/points.h"
#include "worker/extract/sentences.h"

enum {
    CAPTION_MOST_WORDS = 45,
    ARTICLE_WORDS = 80, /* of a paragraph below a list: the article goes on */
    REPEAT_REACH = 8,   /* lines back to the same headline */
    REPEAT_LEAST = 4,   /* words of it */
    WIDE_SHARE = 6,     /* at most one gap of so many is wide where wide ones part lines */
};

struct splitter {
    const struct document *document;
    struct vocabulary *vocabulary;
    struct run run;
    struct seams seams;
    uint32_t capacity;
    struct span joined;
    uint32_t last_words;     /* of the last line */
    uint32_t sentence_first; /* where its last sentence begins, and … */
    uint32_t sentence_words; /* … its words */
    bool is_prose;           /* the last line: sentences may follow in it */
    bool is_in_list;
    bool wide_gaps_part;
};

static uint32_t skip_space(const struct splitter *splitter, uint32_t at)
{
    while (at < splitter->joined.end && point_is_space(splitter->document->text.points[at]))
        at++;
    return at;
}

/* "lũNgười": the line break was lost without leaving a space. Names of firms are written so, too,
 * but these begin with a capital and need no marks. */
static bool is_glued(const uint32_t *points, uint32_t first, uint32_t at, uint32_t end)
{
    if (at < first + 2 || at + 1 >= end || !point_is_upper(points[at]) ||
        !point_is_letter(points[at + 1]) || point_is_upper(points[at + 1]))
        return false;
    uint32_t before = points[at - 1];
    if (before == ')' || (point_is_digit(before) && at >= first + 4))
        return true;
    if (!point_is_letter(before) || point_is_upper(before))
        return false;
    return !point_is_upper(points[first]) || points[at] > 0x7f || points[at + 1] > 0x7f ||
           before > 0x7f;
}

/* The word at this place, which is no space. */
static struct span word_at(const struct splitter *splitter, uint32_t at)
{
    const uint32_t *points = splitter->document->text.points;
    uint32_t first = at;
    while (at < splitter->joined.end && !point_is_space(points[at])) {
        if (is_glued(points, first, at, splitter->joined.end))
            break;
        at++;
    }
    return (struct span){first, at};
}

/* Where the sentence ends inside or right behind this word; 0: it goes on. */
static uint32_t stop_in(const struct splitter *splitter, struct span word, uint32_t floor)
{
    for (uint32_t at = word.start; at < word.end; at++) {
        if (!point_is_terminal(splitter->document->text.points[at]))
            continue;
        uint32_t end =
            sentence_end(splitter->document, (struct span){floor, splitter->joined.end}, at);
        if (end)
            return end;
    }
    return 0;
}

/* Do lines end where the gap between two words is wide, or no space at all? */
static bool parts_lines(const struct splitter *splitter, uint32_t end, uint32_t next)
{
    if (next == end)
        return true;
    if (!splitter->wide_gaps_part)
        return false;
    return next - end >= 2 || splitter->document->text.points[end] == '\t';
}

/* Read the next run of words; the place behind it. */
static uint32_t read_run(struct splitter *splitter, uint32_t at)
{
    struct run *run = &splitter->run;
    uint32_t floor = at;
    run->count = 0;
    run->is_ended = run->is_head = run->has_credit = run->opens_in_credit = false;
    while (at < splitter->joined.end && run->count < RUN_MOST_WORDS) {
        struct run_word *word = &run->words[run->count];
        *word = (struct run_word){.span = word_at(splitter, at)};
        uint32_t stop = stop_in(splitter, word->span, floor);
        if (stop)
            word->span.end = stop;
        run_word_look_at(splitter->document, word);
        run->count++;
        at = skip_space(splitter, word->span.end);
        if (stop) {
            run->is_ended = true;
            return at;
        }
        if (at < splitter->joined.end && parts_lines(splitter, word->span.end, at))
            return at;
    }
    run->is_ended = run->count == RUN_MOST_WORDS;
    return at;
}

static void add_line(struct splitter *splitter, struct span line, uint32_t words)
{
    struct seams *seams = &splitter->seams;
    if (seams->count == splitter->capacity) {
        uint32_t wider = splitter->capacity ? splitter->capacity * 2 : 64;
        struct span *lines = arena_take(splitter->document->arena, wider, sizeof(*lines));
        if (seams->count)
            memcpy(lines, seams->lines, seams->count * sizeof(*lines));
        seams->lines = lines;
        splitter->capacity = wider;
    }
    seams->lines[seams->count++] = line;
    splitter->last_words = words;
    splitter->sentence_first = line.start;
    splitter->sentence_words = words;
}

/* The last sentence of the paragraph is the caption of the picture whose credit follows. */
static uint32_t take_caption(struct splitter *splitter, uint32_t first)
{
    if (!splitter->is_prose || splitter->sentence_words > CAPTION_MOST_WORDS)
        return first;
    struct seams *seams = &splitter->seams;
    struct span *last = &seams->lines[seams->count - 1];
    uint32_t begin = splitter->sentence_first;
    if (begin == last->start) {
        seams->count--;
        return begin;
    }
    last->end = begin;
    while (point_is_space(splitter->document->text.points[last->end - 1]))
        last->end--;
    return begin;
}

/* One more line of the page, or one more sentence of the paragraph that is its last line. */
static void take_piece(struct splitter *splitter, uint32_t first, uint32_t end)
{
    const struct run *run = &splitter->run;
    struct span span = {run->words[first].span.start, run->words[end - 1].span.end};
    bool is_sentence = run->is_ended && end == run->count;
    uint32_t words = end - first;
    if (first == 0 && run->opens_in_credit) {
        span.start = take_caption(splitter, span.start);
        add_line(splitter, span, words);
        splitter->is_prose = false;
        return;
    }
    if (first == 0 && is_sentence && splitter->is_prose) {
        splitter->seams.lines[splitter->seams.count - 1].end = span.end;
        splitter->last_words += words;
        splitter->sentence_first = span.start;
        splitter->sentence_words = words;
    } else {
        add_line(splitter, span, words);
    }
    splitter->is_prose = is_sentence;
    if (splitter->last_words >= ARTICLE_WORDS)
        splitter->is_in_list = false;
}

/* The word of the run behind those that make up this line, or 0. */
static uint32_t end_of_same(const struct splitter *splitter, struct span line)
{
    const uint32_t *points = splitter->document->text.points;
    uint32_t at = line.start;
    for (uint32_t i = 0; i < splitter->run.count; i++) {
        struct span word = splitter->run.words[i].span;
        uint32_t size = word.end - word.start;
        if (size > line.end - at ||
            memcmp(points + at, points + word.start, size * sizeof(*points)) != 0)
            return 0;
        at = skip_space(splitter, at + size);
        if (at >= line.end)
            return i + 1;
    }
    return 0;
}

/* Teasers name their headline before and behind what they tell of it: does the run begin with one
 * that stood shortly before? How many words it has, or 0. */
static uint32_t count_repeated(const struct splitter *splitter)
{
    const struct seams *seams = &splitter->seams;
    for (uint32_t back = 1; back <= REPEAT_REACH && back <= seams->count; back++) {
        uint32_t end = end_of_same(splitter, seams->lines[seams->count - back]);
        if (end >= REPEAT_LEAST && end < splitter->run.count)
            return end;
    }
    return 0;
}

static void take_run(struct splitter *splitter)
{
    struct run *run = &splitter->run;
    run->document = splitter->document;
    run->is_in_list = splitter->is_in_list;
    run->is_open = !splitter->is_prose;
    run->repeated = count_repeated(splitter);
    joints_find(run, splitter->vocabulary);
    if (run->is_head)
        splitter->is_in_list = true;
    uint32_t first = 0;
    for (uint32_t i = 1; i <= run->count; i++)
        if (i == run->count || run->words[i].is_joint) {
            take_piece(splitter, first, i);
            first = i;
        }
}

/* What all words tell of each other, and whether the wide gaps between some mean anything. */
static void read_vocabulary(struct splitter *splitter)
{
    struct run_word last = {0};
    uint32_t gaps = 0;
    uint32_t wide = 0;
    for (uint32_t at = skip_space(splitter, splitter->joined.start); at < splitter->joined.end;) {
        struct run_word word = {.span = word_at(splitter, at)};
        run_word_look_at(splitter->document, &word);
        if (!(word.looks & (RUN_CAPITAL | RUN_FIGURE | RUN_MARK)))
            vocabulary_add_lower(splitter->vocabulary, splitter->document, word.bare);
        if (last.span.end)
            vocabulary_add_pair(splitter->vocabulary, splitter->document, last.bare, word.bare);
        at = skip_space(splitter, word.span.end);
        gaps++;
        wide += at < splitter->joined.end &&
                (at - word.span.end >= 2 || splitter->document->text.points[word.span.end] == '\t');
        last = word;
    }
    splitter->wide_gaps_part = wide * WIDE_SHARE <= gaps;
}

struct seams seams_split(const struct document *document, struct span joined)
{
    struct splitter splitter = {.document = document, .joined = joined};
    splitter.vocabulary = arena_take(document->arena, 1, sizeof(*splitter.vocabulary));
    read_vocabulary(&splitter);
    for (uint32_t at = skip_space(&splitter, joined.start); at < joined.end;) {
        at = read_run(&splitter, at);
        take_run(&splitter);
    }
    return splitter.seams;
}
