// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/sections.h"

#include <string.h>

#include "worker/extract/document.h"
#include "worker/extract/lines.h"
#include "worker/extract/regions.h"
#include "worker/extract/section_reasons.h"
#include "worker/extract/word_pairs.h"

#define KIND(name) NEWSLOOM__V1__SECTION_KIND__SECTION_KIND_##name

enum {
    TITLE_LEAST_WORDS = 3,
    TITLE_MOST_WORDS = 35,
    TITLE_REACH = 25, /* lines above the prose in which its headline may stand */
    LEAD_MOST_WORDS = 90,
    CAPTION_MOST_WORDS = 40,
    LISTING_LEAST_TEASERS = 12, /* so many headlines and hardly any prose: a listing */
    LISTING_MOST_BODY_WORDS = 90,
    TEASER_RUN = 3, /* so many headlines in a row are teasers */
    SENTENCE_LEAST_WORDS = 4,
    LEAD_REACH = 5,   /* lines from the headline to a lead that stands apart */
    BYLINE_REACH = 3, /* lines after the body in which its author may stand */
};

static Newsloom__V1__SectionKind kind_of(const struct section_reason *reason)
{
    return section_rules[reason->rule].kind;
}

static bool can_be_title(const struct line *line)
{
    const unsigned never = LINE_STOP | LINE_NOISE | LINE_TIME | LINE_COUNT | LINE_BULLET |
                           LINE_PICTURE | LINE_CAPTION | LINE_CREDIT;
    return line->words >= TITLE_LEAST_WORDS && line->words <= TITLE_MOST_WORDS &&
           !(line->looks & never);
}

/* The line that says what the feeder or the page's metadata call the title. */
static uint32_t find_named_title(const struct document *document, const struct lines *lines,
                                 struct region region)
{
    if (!document->title[0])
        return UINT32_MAX;
    struct text title = text_view(document->arena, document->title, strlen(document->title));
    const char *folded = line_fold(document->arena, title.points, title.length);
    for (uint32_t i = 0; i < lines->count && i <= region.first + 1; i++)
        if (strcmp(lines->items[i].folded, folded) == 0)
            return i;
    return UINT32_MAX;
}

/* How much a line above the prose speaks for being its headline. */
static int title_weight(const struct lines *lines, uint32_t index, struct region region,
                        const struct word_pairs *pairs)
{
    const struct line *line = &lines->items[index];
    int weight = 10 * word_pairs_count(pairs, line->folded);
    weight -= 4 * (int)(region.first - index);
    if (line->looks & LINE_NAME && index + 1 == region.first)
        weight -= 20; /* rather the author's */
    bool has_date_below = index + 1 < lines->count &&
                          lines->items[index + 1].looks & (LINE_DATE | LINE_TIME | LINE_COUNT);
    return has_date_below ? weight + 15 : weight;
}

/* Of the lines above the prose the one that it speaks of most. */
static uint32_t best_title(const struct lines *lines, struct region region, uint32_t highest,
                           struct section_reason *reasons)
{
    struct word_pairs pairs = {0};
    for (uint32_t i = region.first; i < region.end; i++)
        if (lines->items[i].looks & LINE_PROSE)
            word_pairs_add(&pairs, lines->items[i].folded);
    uint32_t best = UINT32_MAX;
    int best_weight = 0;
    for (uint32_t i = region.first; i-- > highest;) {
        if (!can_be_title(&lines->items[i]))
            continue;
        int weight = title_weight(lines, i, region, &pairs);
        reasons[i].headline = weight;
        if (best == UINT32_MAX || weight > best_weight) {
            best = i;
            best_weight = weight;
        }
    }
    return best;
}

static uint32_t title_by(struct section_reason *reasons, uint32_t title, enum section_rule rule)
{
    reasons[title].rule = rule;
    return title;
}

/* The headline: of the fitting lines above the prose the one that it speaks of most, else the first
 * line of the prose. */
static uint32_t find_title(const struct document *document, const struct lines *lines,
                           struct region region, struct section_reason *reasons)
{
    uint32_t named = find_named_title(document, lines, region);
    if (named != UINT32_MAX)
        return title_by(reasons, named, SECTION_TITLE_NAMED);
    uint32_t highest = region.first > TITLE_REACH ? region.first - TITLE_REACH : 0;
    uint32_t choices = 0, last = 0;
    for (uint32_t i = highest; i < region.first; i++)
        if (can_be_title(&lines->items[i])) {
            choices++;
            last = i;
        }
    if (choices > 1)
        return title_by(reasons, best_title(lines, region, highest, reasons),
                        SECTION_TITLE_SPOKEN_OF);
    if (choices == 1)
        return title_by(reasons, last, SECTION_TITLE_ONLY);
    bool has_more = region.end - region.first >= 2;
    if (!has_more || !can_be_title(&lines->items[region.first]))
        return UINT32_MAX;
    return title_by(reasons, region.first, SECTION_TITLE_FIRST);
}

static enum section_rule rule_above(const struct lines *lines, uint32_t index, uint32_t title)
{
    const struct line *line = &lines->items[index];
    if (line->looks & (LINE_DATE | LINE_COUNT))
        return SECTION_DATE_ABOVE;
    bool is_below_title = title != UINT32_MAX && index > title;
    const unsigned credits = LINE_BYLINE | LINE_TIME | LINE_CREDIT;
    if (is_below_title && line->looks & credits && !(line->looks & LINE_STOP))
        return SECTION_CREDIT_ABOVE;
    bool is_in_brackets = line->folded[0] == '(' && line->looks & LINE_NAME;
    if (is_below_title && is_in_brackets && !(line->looks & LINE_REPEATED))
        return SECTION_NAME_ABOVE;
    if (is_below_title && line->looks & LINE_CAPTION)
        return SECTION_CAPTION_ABOVE;
    bool is_lead = is_below_title && line->looks & LINE_PROSE && index - title <= LEAD_REACH &&
                   !(line->looks & (LINE_REPEATED | LINE_STOP | LINE_NOISE));
    return is_lead ? SECTION_LEAD_APART : SECTION_ABOVE;
}

static bool is_prose(const struct lines *lines, uint32_t index)
{
    return index < lines->count && lines->items[index].looks & LINE_PROSE;
}

static bool is_headline(const struct lines *lines, uint32_t index)
{
    return can_be_title(&lines->items[index]) && !is_prose(lines, index);
}

/* A teaser inside the article: headlines in a row, or one after "Xem thêm". */
static bool is_teaser(const struct lines *lines, uint32_t index, struct region region)
{
    const struct line *line = &lines->items[index];
    if (line->looks & (LINE_PROSE | LINE_CAPTION) || line->words < TITLE_LEAST_WORDS)
        return false;
    unsigned run = 1;
    for (uint32_t i = index; i-- > region.first && run < TEASER_RUN && is_headline(lines, i);)
        run++;
    for (uint32_t i = index + 1; i < region.end && run < TEASER_RUN && is_headline(lines, i); i++)
        run++;
    return run >= TEASER_RUN;
}

static enum section_rule rule_inside(const struct lines *lines, uint32_t index,
                                     struct region region, uint32_t body_first)
{
    const struct line *line = &lines->items[index];
    if (line->looks & (LINE_STOP | LINE_NOISE | LINE_REPEATED | LINE_PICTURE))
        return SECTION_NOISE;
    if (line->looks & (LINE_COUNT | LINE_DATE))
        return index <= body_first ? SECTION_DATE_FIRST : SECTION_DATE_INSIDE;
    if (line->looks & LINE_TIME)
        return SECTION_TIME_INSIDE;
    if (line->looks & LINE_CREDIT)
        return SECTION_CREDIT;
    if (line->looks & LINE_CAPTION)
        return SECTION_CAPTION;
    if (line->looks & LINE_BYLINE && !(line->looks & LINE_PROSE))
        return SECTION_BYLINE;
    if (line->looks & LINE_ASKED)
        return SECTION_QUESTION;
    if (index + 1 == region.end && line->looks & LINE_ENDED)
        return SECTION_LAST_SENTENCE;
    if (is_teaser(lines, index, region))
        return SECTION_TEASERS;
    if (index > 0 && lines->items[index - 1].looks & LINE_PICTURE && line->words <= LEAD_MOST_WORDS)
        return SECTION_BELOW_PICTURE;
    bool looks_added =
        !(line->looks & LINE_PROSE) && line->words <= CAPTION_MOST_WORDS && index > body_first;
    bool is_before_sentence = line->words > 4; /* shorter ones are more often subheads */
    return looks_added && is_before_sentence ? SECTION_SHORT_LINE : SECTION_PROSE;
}

/* What the lines right after the prose say of who wrote it, or SECTION_BELOW. */
static enum section_rule rule_below(const struct line *line, bool is_next, bool goes_on)
{
    bool is_date = is_next && line->looks & LINE_DATE;
    if (line->looks & (LINE_STOP | LINE_NOISE | LINE_REPEATED | LINE_BULLET) ||
        (line->looks & LINE_TIME && !is_date))
        return SECTION_BELOW;
    if (is_date)
        return SECTION_DATE_BELOW;
    if (line->looks & LINE_CAPTION && !(line->looks & LINE_CREDIT))
        return SECTION_CAPTION_BELOW;
    bool says_who = line->looks & (LINE_BYLINE | LINE_CREDIT) ||
                    ((is_next || goes_on) && line->looks & LINE_NAME);
    return says_who ? SECTION_CREDIT_BELOW : SECTION_BELOW;
}

static void mark_bylines(const struct lines *lines, struct region region,
                         struct section_reason *reasons)
{
    for (uint32_t i = region.end; i < lines->count && i < region.end + BYLINE_REACH; i++) {
        bool goes_on = i > 0 && kind_of(&reasons[i - 1]) != KIND(JUNK);
        enum section_rule rule = rule_below(&lines->items[i], i == region.end, goes_on);
        if (rule == SECTION_BELOW)
            return;
        reasons[i].rule = rule;
    }
}

static bool is_listing(const struct lines *lines, struct region region)
{
    uint32_t body_words = 0;
    uint32_t teasers = 0;
    for (uint32_t i = region.first; i < region.end; i++)
        if (is_prose(lines, i))
            body_words += lines->items[i].words;
    for (uint32_t i = 0; i < lines->count; i++)
        teasers += is_headline(lines, i);
    return teasers >= LISTING_LEAST_TEASERS && body_words <= LISTING_MOST_BODY_WORDS;
}

static uint32_t find_lead(const struct lines *lines, struct region region, uint32_t title,
                          uint32_t first)
{
    uint32_t prose = 0;
    for (uint32_t i = first; i < region.end; i++)
        prose += is_prose(lines, i);
    bool is_short = first < region.end && lines->items[first].words <= LEAD_MOST_WORDS;
    return title != UINT32_MAX && is_short && is_prose(lines, first) && prose >= 3 ? first
                                                                                   : UINT32_MAX;
}

/* A short last sentence is no prose by itself, but goes with the paragraph before it. */
static uint32_t end_with_short_sentence(const struct lines *lines, struct region region)
{
    const unsigned never = LINE_STOP | LINE_NOISE | LINE_TIME | LINE_COUNT | LINE_REPEATED |
                           LINE_BYLINE | LINE_PICTURE;
    if (region.end >= lines->count || region.first == region.end)
        return region.end;
    const struct line *line = &lines->items[region.end];
    bool is_sentence = line->looks & LINE_ENDED && line->words >= SENTENCE_LEAST_WORDS;
    return is_sentence && !(line->looks & never) ? region.end + 1 : region.end;
}

static void mark_listing(const struct lines *lines, struct section_reason *reasons)
{
    for (uint32_t i = 0; i < lines->count; i++)
        reasons[i].rule = SECTION_LISTING;
}

/* All lines but the headline, which has its rule already. */
static void judge_by_place(const struct lines *lines, struct region region, uint32_t title,
                           uint32_t body_first, struct section_reason *reasons)
{
    bool in_box = false; /* below "Tin liên quan" or "Xem thêm", until prose comes */
    for (uint32_t i = 0; i < lines->count; i++) {
        const struct line *line = &lines->items[i];
        struct section_reason *reason = &reasons[i];
        bool opens_box = line->looks & LINE_STOP || (line->looks & LINE_NOISE && line->words <= 4);
        in_box = !(line->looks & LINE_PROSE) && (in_box || (opens_box && i > region.first));
        reason->side = i < region.first ? SECTION_SIDE_ABOVE
                       : i < region.end ? SECTION_SIDE_INSIDE
                                        : SECTION_SIDE_BELOW;
        if (i == title)
            continue;
        if (i < region.first)
            reason->rule = rule_above(lines, i, title);
        else if (i >= region.end)
            reason->rule = SECTION_BELOW;
        else
            reason->rule = in_box ? SECTION_BOX : rule_inside(lines, i, region, body_first);
    }
}

static void judge_lines(const struct document *document, const struct lines *lines,
                        struct section_reason *reasons)
{
    struct region region = region_find(lines, reasons);
    region.end = end_with_short_sentence(lines, region);
    if (region.first == region.end)
        region = (struct region){0, lines->count}; /* no prose at all: keep what is no noise */
    uint32_t title = find_title(document, lines, region, reasons);
    uint32_t body_first = title == region.first ? region.first + 1 : region.first;
    while (body_first < region.end && !is_prose(lines, body_first))
        body_first++;
    judge_by_place(lines, region, title, body_first, reasons);
    uint32_t lead = find_lead(lines, region, title, body_first);
    if (lead != UINT32_MAX && kind_of(&reasons[lead]) == KIND(BODY))
        reasons[lead].rule = SECTION_LEAD;
    mark_bylines(lines, region, reasons);
    if (is_listing(lines, region))
        mark_listing(lines, reasons);
}

/* "Theo", "Tác giả:" and brackets around a name say nothing of it. */
static const char *author_of(const struct document *document, const struct line *line)
{
    static const char *const before[] = {
        "tác giả:", "bài, ảnh:", "tin, ảnh:", "tin, bài:", "thực hiện:", "bài:"};
    struct span span = line->span;
    for (size_t i = 0; i < COUNT_OF(before); i++)
        if (strncmp(line->folded, before[i], strlen(before[i])) == 0)
            while (span.start < span.end && document->text.points[span.start++] != ':')
                continue;
    while (span.start < span.end && point_is_space(document->text.points[span.start]))
        span.start++;
    return document_text(document, span);
}

static void find_names(struct document *document, const struct lines *lines,
                       const struct section_reason *reasons)
{
    for (uint32_t i = 0; i < lines->count; i++) {
        const struct line *line = &lines->items[i];
        bool is_source = strncmp(line->folded, "theo", 4) == 0 || line->folded[0] == '(' ||
                         strncmp(line->folded, "nguồn", strlen("nguồn")) == 0;
        if (kind_of(&reasons[i]) == KIND(TITLE) && !document->title[0])
            document->title = document_text(document, line->span);
        if (kind_of(&reasons[i]) == KIND(METADATA) && !document->author[0] && !is_source &&
            line->looks & (LINE_NAME | LINE_BYLINE | LINE_CREDIT))
            document->author = author_of(document, line);
    }
}

/* "Headline - Section | Newspaper": the first part. */
static const char *first_part(struct arena *arena, const char *window_title)
{
    static const char *const marks[] = {" | ", " - ", " – ", " :: ", " » "};
    size_t size = strlen(window_title);
    for (size_t i = 0; i < COUNT_OF(marks); i++) {
        const char *mark = strstr(window_title, marks[i]);
        if (mark && (size_t)(mark - window_title) < size)
            size = (size_t)(mark - window_title);
    }
    return arena_text(arena, window_title, size);
}

void sections_find(struct document *document)
{
    bool is_listing = document->page_kind == NEWSLOOM__V1__PAGE_KIND__PAGE_KIND_LISTING;
    struct lines lines = lines_read(document);
    struct section_reason *reasons =
        arena_take(document->arena, (size_t)lines.count + 1, sizeof(*reasons));
    if (is_listing)
        mark_listing(&lines, reasons);
    else
        judge_lines(document, &lines, reasons);
    bool has_text = false;
    for (uint32_t i = 0; i < lines.count; i++) {
        struct section *section = document_add_section(document);
        section->kind = kind_of(&reasons[i]);
        section->span = lines.items[i].span;
        reasons[i].looks = lines.items[i].looks;
        section->reason = document->explain ? &reasons[i] : NULL;
        has_text = has_text || section->kind != KIND(JUNK);
    }
    find_names(document, &lines, reasons);
    if (!document->title[0] && document->window_title && document->window_title[0])
        document->title = first_part(document->arena, document->window_title);
    if (has_text)
        document->page_kind = NEWSLOOM__V1__PAGE_KIND__PAGE_KIND_ARTICLE;
    else if (is_listing || lines.count >= LISTING_LEAST_TEASERS)
        document->page_kind = NEWSLOOM__V1__PAGE_KIND__PAGE_KIND_LISTING;
    else
        document->page_kind = NEWSLOOM__V1__PAGE_KIND__PAGE_KIND_OTHER;
}
