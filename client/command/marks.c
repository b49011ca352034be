// SPDX-License-Identifier: Apache-2.0
#include "client/command/marks.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 32 /* marks open at once; deeper ones are not drawn */

/* ---- collecting ---------------------------------------------------------------------------- */

static int by_place(const void *left, const void *right)
{
    const struct mark *a = left;
    const struct mark *b = right;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    if (a->end != b->end)
        return a->end > b->end ? -1 : 1;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

static void add_sentence(struct marks *marks, uint32_t start, uint32_t end)
{
    if (end > start)
        marks->sentences[marks->sentence_count++] =
            (struct mark){.start = start, .end = end, .kind = MARK_SENTENCE};
}

static void collect_sentences(struct marks *marks, const Newsloom__V1__Extraction *found)
{
    marks->sentences = memory_new((found->n_events + found->n_roles + 1) * sizeof(struct mark));
    for (size_t i = 0; i < found->n_events; i++)
        add_sentence(marks, found->events[i]->sentence_start, found->events[i]->sentence_end);
    for (size_t i = 0; i < found->n_roles; i++)
        add_sentence(marks, found->roles[i]->sentence_start, found->roles[i]->sentence_end);
    qsort(marks->sentences, marks->sentence_count, sizeof(struct mark), by_place);
    size_t kept = 0;
    for (size_t i = 0; i < marks->sentence_count; i++)
        if (kept == 0 || by_place(&marks->sentences[kept - 1], &marks->sentences[i]) != 0)
            marks->sentences[kept++] = marks->sentences[i];
    marks->sentence_count = kept;
    for (size_t i = 0; i < kept; i++)
        marks->sentences[i].index = i;
}

void marks_init(struct marks *marks, const struct database_article *article)
{
    const Newsloom__V1__Extraction *found = article->found;
    *marks = (struct marks){0};
    collect_sentences(marks, found);
    marks->marks =
        memory_new((marks->sentence_count + found->n_mentions + 1) * sizeof(struct mark));
    memcpy(marks->marks, marks->sentences, marks->sentence_count * sizeof(struct mark));
    marks->count = marks->sentence_count;
    for (size_t i = 0; i < found->n_mentions; i++)
        if (found->mentions[i]->end > found->mentions[i]->start)
            marks->marks[marks->count++] =
                (struct mark){found->mentions[i]->start, found->mentions[i]->end, MARK_MENTION, i};
    qsort(marks->marks, marks->count, sizeof(struct mark), by_place);
}

void marks_done(struct marks *marks)
{
    free(marks->marks);
    free(marks->sentences);
    *marks = (struct marks){0};
}

size_t marks_sentence(const struct marks *marks, uint32_t start, uint32_t end)
{
    for (size_t i = 0; i < marks->sentence_count; i++)
        if (marks->sentences[i].start == start && marks->sentences[i].end == end)
            return i;
    return marks->sentence_count;
}

/* ---- visiting ------------------------------------------------------------------------------ */

struct walk {
    const struct marks *marks;
    const struct database_article *article;
    const struct marks_visitor *visitor;
    void *context;
    size_t next; /* mark to open */
    const struct mark *open[DEPTH_MAX];
    size_t depth;
};

/* Marks that end here, or all of them; those that merely stood in the way are opened again. */
static void close_marks(struct walk *walk, uint32_t at, bool all)
{
    const struct mark *again[DEPTH_MAX];
    size_t again_count = 0;
    size_t lowest = walk->depth;
    for (size_t i = walk->depth; i-- > 0;)
        if (all || walk->open[i]->end <= at)
            lowest = i;
    while (walk->depth > lowest) {
        const struct mark *mark = walk->open[--walk->depth];
        bool is_end = all || mark->end <= at;
        walk->visitor->close(walk->context, mark, is_end);
        if (!is_end)
            again[again_count++] = mark;
    }
    while (again_count > 0) {
        walk->open[walk->depth++] = again[--again_count];
        walk->visitor->open(walk->context, walk->open[walk->depth - 1], false);
    }
}

static void open_marks(struct walk *walk, uint32_t at)
{
    for (; walk->next < walk->marks->count; walk->next++) {
        const struct mark *mark = &walk->marks->marks[walk->next];
        if (mark->start > at)
            return;
        if (mark->start < at || walk->depth == DEPTH_MAX)
            continue; /* it begins outside of every section, or too deep */
        walk->open[walk->depth++] = mark;
        walk->visitor->open(walk->context, mark, true);
    }
}

static uint32_t next_boundary(const struct walk *walk, uint32_t end)
{
    if (walk->next < walk->marks->count && walk->marks->marks[walk->next].start < end)
        end = walk->marks->marks[walk->next].start;
    for (size_t i = 0; i < walk->depth; i++)
        if (walk->open[i]->end < end)
            end = walk->open[i]->end;
    return end;
}

static void visit_section(struct walk *walk, Newsloom__V1__SectionKind kind, uint32_t start,
                          uint32_t end)
{
    walk->visitor->section(walk->context, kind, true);
    for (uint32_t at = start; at < end;) {
        size_t size = 0;
        close_marks(walk, at, false);
        open_marks(walk, at);
        uint32_t stop = next_boundary(walk, end);
        const char *text = database_article_part(walk->article, at, stop, &size);
        walk->visitor->text(walk->context, text, size);
        at = stop;
    }
    close_marks(walk, end, true);
    walk->visitor->section(walk->context, kind, false);
}

static bool is_blank(const struct database_article *article, uint32_t start, uint32_t end)
{
    size_t size = 0;
    const char *text = database_article_part(article, start, end, &size);
    for (size_t i = 0; i < size; i++)
        if (!strchr(" \t\r\n", text[i]))
            return false;
    return true;
}

void marks_visit(const struct marks *marks, const struct database_article *article,
                 const struct marks_visitor *visitor, void *context)
{
    const Newsloom__V1__Extraction *found = article->found;
    const Newsloom__V1__SectionKind unknown = NEWSLOOM__V1__SECTION_KIND__SECTION_KIND_UNSPECIFIED;
    struct walk walk = {.marks = marks, .article = article, .visitor = visitor, .context = context};
    uint32_t length = (uint32_t)article->length;
    uint32_t at = 0;
    for (size_t i = 0; i < found->n_sections; i++) {
        uint32_t start = found->sections[i]->start;
        uint32_t end = found->sections[i]->end;
        start = start < at ? at : start;
        end = end > length ? length : end;
        if (end <= start)
            continue;
        if (!is_blank(article, at, start))
            visit_section(&walk, unknown, at, start);
        visit_section(&walk, found->sections[i]->kind, start, end);
        at = end;
    }
    if (!is_blank(article, at, length))
        visit_section(&walk, unknown, at, length);
}
