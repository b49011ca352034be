// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/dates.h"

#include "worker/extract/date_grammar.h"
#include "worker/extract/document.h"

enum {
    NEARBY_POINTS = 800, /* how far back a full date still sets the year of a short one */
    NEARBY_DAYS = 60,    /* and how far apart the two may be */
    STORY_DAYS = 92,     /* the same when nothing else is known of the article */
    MOST_FULL_DATES = 64,
    CONFIDENCE_FULL = 950,
    CONFIDENCE_FILLED = 850,
    CONFIDENCE_OPEN = 600,
};

/* What is known while reading on: the last full date and where it stood. */
struct context {
    struct moment anchor; /* when the article was published or fetched; year 0: not known */
    struct moment last;
    uint32_t last_end;
    struct moment full[MOST_FULL_DATES]; /* the first of the text, only without an anchor */
    unsigned full_count;
};

static int64_t distance(struct moment a, struct moment b)
{
    int64_t days = moment_first_day(a) - moment_first_day(b);
    return days < 0 ? -days : days;
}

void date_fill_year(struct moment *moment, struct moment anchor)
{
    struct moment best = *moment;
    best.year = anchor.year;
    int latest = moment->day ? 1 : 0; /* a month of next year is never left without its year */
    for (int offset = -1; offset <= latest; offset++) {
        struct moment candidate = *moment;
        candidate.year = anchor.year + offset;
        if (moment_is_possible(candidate) &&
            (!moment_is_possible(best) || distance(candidate, anchor) < distance(best, anchor)))
            best = candidate;
    }
    *moment = best;
}

/* Nobody knows when the article was published: the full date of the text that lies nearest. */
static void fill_from_text(struct moment *moment, const struct context *context)
{
    struct moment best = *moment;
    int64_t nearest = STORY_DAYS + 1;
    for (unsigned i = 0; i < context->full_count; i++) {
        struct moment candidate = *moment;
        date_fill_year(&candidate, context->full[i]);
        int64_t days = distance(candidate, context->full[i]);
        if (days < nearest) {
            nearest = days;
            best = candidate;
        }
    }
    *moment = best;
}

static void resolve_year(struct moment *moment, const struct context *context, uint32_t start)
{
    if (moment->year)
        return;
    if (context->last.year && start - context->last_end <= NEARBY_POINTS) {
        struct moment near = *moment;
        date_fill_year(&near, context->last);
        if (distance(near, context->last) <= NEARBY_DAYS) {
            *moment = near;
            return;
        }
    }
    if (context->anchor.year)
        date_fill_year(moment, context->anchor);
    else
        fill_from_text(moment, context);
}

/* A day alone ("sáng ngày 5") is the last such day before the anchor. */
static void resolve_month(struct moment *moment, struct moment anchor)
{
    if (moment->month || !moment->day || !anchor.month)
        return;
    struct moment found = *moment;
    found.year = anchor.year;
    found.month = anchor.month;
    if (anchor.day && found.day > anchor.day) {
        found.month = anchor.month == 1 ? 12 : anchor.month - 1;
        found.year = anchor.month == 1 ? anchor.year - 1 : anchor.year;
    }
    if (moment_is_possible(found))
        *moment = found;
}

static void resolve(struct date_reading *reading, const struct context *context, uint32_t start)
{
    bool has_year = reading->to.year != 0;
    resolve_month(&reading->from, context->anchor);
    if (!reading->is_range) {
        resolve_year(&reading->from, context, start);
        reading->to = reading->from;
        return;
    }
    resolve_year(&reading->to, context, start);
    if (!has_year && reading->to.year) {
        reading->from.year = reading->to.year;
        if (reading->from.month > reading->to.month)
            reading->from.year--;
    }
}

static bool is_resolved(const struct moment *moment)
{
    return moment->year && (!moment->day || moment->month) && moment_is_possible(*moment);
}

static void describe(struct arena *arena, const struct date_reading *reading, bool was_full,
                     struct mention *mention)
{
    if (!is_resolved(&reading->from) || !is_resolved(&reading->to)) {
        mention->value = "?";
        mention->date_from = "";
        mention->date_to = "";
        mention->confidence = CONFIDENCE_OPEN;
        return;
    }
    const char *from = moment_text(arena, reading->from);
    mention->value = reading->is_range
                         ? arena_format(arena, "%s/%s", from, moment_text(arena, reading->to))
                         : from;
    mention->date_from = moment_text(arena, moment_of_day(moment_first_day(reading->from)));
    mention->date_to = moment_text(arena, moment_of_day(moment_last_day(reading->to)));
    mention->confidence = was_full ? CONFIDENCE_FULL : CONFIDENCE_FILLED;
}

static void add_reading(struct document *document, uint32_t sentence, struct date_reading *reading,
                        struct context *context)
{
    struct span span = {document->tokens[reading->first_token].span.start,
                        document->tokens[reading->end_token - 1].span.end};
    bool was_full = reading->from.year && reading->to.year;
    resolve(reading, context, span.start);
    struct mention *mention = document_add_mention(document);
    mention->type = NEWSLOOM__V1__ENTITY_TYPE__DATE;
    mention->span = span;
    mention->section = document->sentences[sentence].section;
    mention->sentence = sentence;
    describe(document->arena, reading, was_full, mention);
    if (is_resolved(&reading->to) && reading->to.month) {
        context->last = reading->to;
        context->last_end = span.end;
    }
}

static struct moment find_anchor(const struct document *document)
{
    struct moment anchor = MOMENT_NONE;
    if (!moment_parse_local(document->published, &anchor) &&
        !moment_parse_local(document->input->fetched, &anchor))
        anchor.year = 0;
    return anchor;
}

static void collect_full_dates(const struct document *document, struct context *context)
{
    for (uint32_t i = 0; i < document->sentence_count; i++) {
        uint32_t at = document->sentences[i].first_token;
        struct date_reading reading;
        while (date_read_next(document, &document->sentences[i], &at, &reading)) {
            if (!reading.to.year || !reading.to.month)
                continue;
            context->full[context->full_count++] = reading.to;
            if (context->full_count == MOST_FULL_DATES)
                return;
        }
    }
}

void dates_find(struct document *document)
{
    struct context context = {.anchor = find_anchor(document), .last = MOMENT_NONE};
    if (!context.anchor.year)
        collect_full_dates(document, &context);
    for (uint32_t i = 0; i < document->sentence_count; i++) {
        const struct sentence *sentence = &document->sentences[i];
        uint32_t at = sentence->first_token;
        struct date_reading reading;
        while (date_read_next(document, sentence, &at, &reading))
            add_reading(document, i, &reading, &context);
    }
}
