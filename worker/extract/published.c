// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/published.h"

#include "worker/extract/calendar.h"
#include "worker/extract/date_grammar.h"
#include "worker/extract/dates.h"
#include "worker/extract/points.h"

enum { SMALL_HOURS = 5 }; /* what is fetched before this hour tells of the day before */

/* A clock time ("09:12", "8h05") somewhere in the section. */
static void find_clock(const struct document *document, struct span span, struct moment *moment)
{
    const uint32_t *points = document->text.points;
    for (uint32_t i = span.start + 1; i + 2 < span.end; i++) {
        bool is_mark = points[i] == ':' || points[i] == 'h' || points[i] == 'g';
        if (!is_mark || !point_is_digit(points[i - 1]) || !point_is_digit(points[i + 1]) ||
            !point_is_digit(points[i + 2]))
            continue;
        bool has_tens = i >= span.start + 2 && point_is_digit(points[i - 2]);
        bool has_more = has_tens && i >= span.start + 3 && point_is_digit(points[i - 3]);
        int hour = (int)(points[i - 1] - '0') + (has_tens ? (int)(points[i - 2] - '0') * 10 : 0);
        int minute = (int)((points[i + 1] - '0') * 10 + (points[i + 2] - '0'));
        if (has_more || hour > 23 || minute > 59)
            continue;
        moment->hour = hour;
        moment->minute = minute;
        return;
    }
}

/* The first full date on a metadata line, with the clock time beside it. */
static bool find_date_line(const struct document *document, struct moment *ret_moment)
{
    for (uint32_t i = 0; i < document->sentence_count; i++) {
        const struct sentence *sentence = &document->sentences[i];
        if (document->sections[sentence->section].kind !=
            NEWSLOOM__V1__SECTION_KIND__SECTION_KIND_METADATA)
            continue;
        uint32_t at = sentence->first_token;
        struct date_reading reading;
        while (date_read_next(document, sentence, &at, &reading))
            if (!reading.is_range && reading.from.year && reading.from.day) {
                *ret_moment = reading.from;
                if (ret_moment->hour < 0)
                    find_clock(document, document->sections[sentence->section].span, ret_moment);
                return true;
            }
    }
    return false;
}

/* Does a sentence name this day, with or without its year? */
static bool names_day(const struct document *document, const struct sentence *sentence,
                      struct moment fetched, int64_t day)
{
    uint32_t at = sentence->first_token;
    struct date_reading reading;
    while (date_read_next(document, sentence, &at, &reading)) {
        struct moment moment = reading.to;
        if (!moment.day || !moment.month)
            continue;
        if (!moment.year)
            date_fill_year(&moment, fetched);
        if (moment_first_day(moment) == day)
            return true;
    }
    return false;
}

/* An article that tells of the last day before it was fetched can only have appeared that day; one
 * that names older days only may have appeared on any day since. */
static bool find_last_day(const struct document *document, struct moment fetched,
                          struct moment *ret_moment)
{
    bool is_small_hours = fetched.hour >= 0 && fetched.hour < SMALL_HOURS;
    int64_t day = moment_first_day(fetched) - is_small_hours;
    for (uint32_t i = 0; i < document->sentence_count; i++)
        if (names_day(document, &document->sentences[i], fetched, day)) {
            *ret_moment = moment_of_day(day);
            return true;
        }
    return false;
}

static const char *published_text(struct arena *arena, struct moment moment)
{
    const char *text = moment_text(arena, moment);
    return moment.hour < 0 ? text : arena_format(arena, "%s:00+07:00", text);
}

enum status published_find(struct document *document, struct error *err)
{
    const struct article_input *input = document->input;
    struct moment fetched = MOMENT_NONE;
    struct moment found = MOMENT_NONE;
    if (input->fetched[0] && !moment_parse_local(input->fetched, &fetched))
        return error_set(err, STATUS_INVALID, "fetched: \"%.40s\" is no RFC 3339 date-time",
                         input->fetched);
    if (input->published[0]) {
        if (!moment_parse(input->published, &found))
            return error_set(err, STATUS_INVALID, "published: \"%.40s\" is no RFC 3339 date",
                             input->published);
        document->published = input->published;
        document->published_origin = NEWSLOOM__V1__PUBLISHED_ORIGIN__PUBLISHED_ORIGIN_FEEDER;
        return STATUS_OK;
    }
    if (moment_parse(document->published, &found)) {
        document->published_origin = NEWSLOOM__V1__PUBLISHED_ORIGIN__PUBLISHED_ORIGIN_METADATA;
        return STATUS_OK;
    }
    document->published = "";
    document->published_origin = NEWSLOOM__V1__PUBLISHED_ORIGIN__PUBLISHED_ORIGIN_NONE;
    if (find_date_line(document, &found) ||
        (fetched.year && find_last_day(document, fetched, &found))) {
        document->published = published_text(document->arena, found);
        document->published_origin = NEWSLOOM__V1__PUBLISHED_ORIGIN__PUBLISHED_ORIGIN_TEXT;
    }
    return STATUS_OK;
}
