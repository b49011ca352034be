// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/search.h"

#include <string.h>

enum { CANDIDATES_LEAST = 256 };

struct search *search_new(struct reading *reading)
{
    struct arena *arena = reading->document->arena;
    struct search *search = arena_take(arena, 1, sizeof(*search));
    search->r = reading;
    search->flags = arena_take(arena, reading->token_count + 1, 1);
    search->heads = arena_take(arena, reading->token_count + 1, sizeof(uint32_t));
    search->best = arena_take(arena, reading->token_count + 1, sizeof(uint64_t));
    search->choice = arena_take(arena, reading->token_count + 1, sizeof(uint32_t));
    return search;
}

void search_propose(struct search *search, Newsloom__V1__EntityType type, uint32_t first,
                    uint32_t end, uint32_t certainty)
{
    if (end <= first || end - first > SPAN_MOST || certainty == 0 ||
        end > search->r->sentence_ends[first])
        return;
    if (search->candidate_count == search->candidate_room) {
        uint32_t room = search->candidate_room ? search->candidate_room * 2 : CANDIDATES_LEAST;
        struct candidate *grown =
            arena_room(search->r->document->arena, room, sizeof(struct candidate));
        if (search->candidate_count)
            memcpy(grown, search->candidates, search->candidate_count * sizeof(*grown));
        search->candidates = grown;
        search->candidate_room = room;
    }
    search->candidates[search->candidate_count++] =
        (struct candidate){first, end, type, certainty, search->heads[first]};
    search->heads[first] = search->candidate_count;
}

/* The candidate that begins here with the best sum of it and all behind, plus one; 0 when the token
 * is better left free. The sums of all tokens behind are known. */
static uint32_t best_choice(const struct search *search, uint32_t at)
{
    uint64_t *best = search->best;
    uint32_t choice = 0;
    best[at] = best[at + 1];
    for (uint32_t c = search->heads[at]; c; c = search->candidates[c - 1].next) {
        const struct candidate *candidate = &search->candidates[c - 1];
        uint64_t score =
            (uint64_t)candidate->certainty * (candidate->end - at) + best[candidate->end];
        if (score > best[at]) {
            best[at] = score;
            choice = c;
        }
    }
    return choice;
}

struct candidate *search_choose(struct search *search, uint32_t *ret_count)
{
    uint32_t count = search->r->token_count;
    struct arena *arena = search->r->document->arena;
    uint32_t *choice = search->choice;
    uint32_t chosen = 0;
    for (uint32_t i = count; i-- > 0;)
        choice[i] = best_choice(search, i);
    for (uint32_t i = 0; i < count; i = choice[i] ? search->candidates[choice[i] - 1].end : i + 1)
        chosen += choice[i] != 0;
    struct candidate *result = arena_room(arena, chosen + 1, sizeof(*result));
    *ret_count = 0;
    for (uint32_t i = 0; i < count; i = choice[i] ? search->candidates[choice[i] - 1].end : i + 1)
        if (choice[i])
            result[(*ret_count)++] = search->candidates[choice[i] - 1];
    return result;
}

bool search_is_initial(const struct search *search, uint32_t at)
{
    if (!search_is_capital(search, at))
        return false;
    const struct token *token = &search->r->tokens[at];
    uint32_t size = token->span.end - token->span.start;
    return size == 1 ||
           (size == 2 && (reading_is(search->r, at, "ng") || reading_is(search->r, at, "th") ||
                          reading_is(search->r, at, "tr") || reading_is(search->r, at, "nh") ||
                          reading_is(search->r, at, "ph")));
}

bool search_is_word(const struct search *search, uint32_t at)
{
    static const uint32_t words =
        1U << CATEGORY_BODY_WORD | 1U << CATEGORY_POSITION | 1U << CATEGORY_BODY_HEAD |
        1U << CATEGORY_STOP | 1U << CATEGORY_LAW_HEAD | 1U << CATEGORY_RANK |
        1U << CATEGORY_HONORIFIC | 1U << CATEGORY_PERSON_VERB | 1U << CATEGORY_EVENT_HEAD |
        1U << CATEGORY_COMPOUND | 1U << CATEGORY_PLACE_HEAD;
    const struct reading *r = search->r;
    if (!reading_begins(r, at, words))
        return false;
    for (uint32_t i = r->first_match[at]; i < r->first_match[at + 1]; i++) {
        uint32_t last = at + r->matches[i].length - 1;
        if (words >> r->matches[i].category & 1 && last > at &&
            !reading_has(r, last, SHAPE_CAPITAL) && reading_has(r, last, SHAPE_WORD))
            return true;
    }
    return false;
}

bool search_is_part(const struct search *search, uint32_t at)
{
    if (search_is_capital(search, at))
        return false;
    if (reading_length(search->r, at, CATEGORY_COMPOUND) >
        reading_length(search->r, at, CATEGORY_BODY_HEAD))
        return true;
    uint32_t start = search_sentence_start(search, at);
    for (uint32_t back = 1; back <= 2 && at >= start + back; back++)
        if (reading_length(search->r, at - back, CATEGORY_COMPOUND) > back)
            return true;
    return false;
}

uint32_t search_run_end(const struct search *search, uint32_t at, uint32_t most)
{
    const struct reading *r = search->r;
    uint32_t end = search_sentence_end(search, at);
    uint32_t i = at;
    for (uint32_t words = 0; i < end && words < most; words++) {
        bool is_start = i == at;
        bool follows_dot = !is_start && reading_is(r, i - 1, ".");
        if (!search_is_capital(search, i) ||
            (!is_start && search_is_glued(search, i) && !follows_dot))
            break;
        if (follows_dot && !search_is_glued(search, i) && !search_is_initial(search, i))
            break;
        if (search_is_word(search, i))
            break;
        i++;
        bool is_initial = search_is_initial(search, i - 1);
        static const char marks[][WORD_SIZE] = {"'", "’", ""};
        if (is_initial && i + 1 < end && search_is_any(search, i, marks) &&
            search_is_glued(search, i) && search_is_glued(search, i + 1) &&
            search_is_capital(search, i + 1))
            i += 2; /* O'Connor */
        if (is_initial && i < end && reading_is(r, i, ".") && search_is_glued(search, i))
            i++;
    }
    return i;
}

bool search_has_title(const struct search *search, uint32_t at)
{
    const struct reading *r = search->r;
    static const uint32_t titles =
        1U << CATEGORY_HONORIFIC | 1U << CATEGORY_RANK | 1U << CATEGORY_POSITION;
    if (!(r->ends[at] & titles) || r->sentence_ends[at - 1] != r->sentence_ends[at])
        return false;
    return reading_length_before(r, at, CATEGORY_HONORIFIC) ||
           reading_length_before(r, at, CATEGORY_RANK) ||
           reading_length_before(r, at, CATEGORY_POSITION);
}

const struct phrase_match *search_known_place(const struct search *search, uint32_t at)
{
    const struct reading *r = search->r;
    const struct phrase_match *match = reading_match(r, at, CATEGORY_PLACE);
    if (match && reading_is(r, at, "nước") && search_is_plural(search, at))
        return NULL;
    if (!match || search_has_flag(search, at, TOKEN_IN_DATE))
        return NULL;
    uint32_t last = at + match->length - 1;
    if (search_has_flag(search, at, TOKEN_SHOUTED))
        return match->length > 1 ? match : NULL;
    if (reading_has(r, last, SHAPE_PUNCTUATION) && match->length > 1)
        last--;
    bool is_first = reading_has(r, at, SHAPE_CAPITAL);
    bool is_last = reading_has(r, last, SHAPE_CAPITAL);
    if (is_last && is_first)
        return match;
    enum place_kind kind = gazetteer_place(r->knowledge, match->value)->kind;
    bool may_begin_small = kind == PLACE_REGION || kind == PLACE_CONTINENT || kind == PLACE_WATER ||
                           kind == PLACE_BUILDING || kind == PLACE_COUNTRY;
    bool may_end_small = match->length > 2 || kind == PLACE_BUILDING;
    return (is_last && may_begin_small) || (is_first && may_end_small) ? match : NULL;
}

static bool is_abbreviated_head(const struct search *search, uint32_t at)
{
    static const char heads[][WORD_SIZE] = {"tp", "p", "q", "h", "tx", "tt", ""};
    return search_is_any(search, at, heads) && search_is_capital(search, at);
}

/* "Quận 1", "đường 3 Tháng 2": a name that begins with a number. */
static uint32_t numbered_name_end(const struct search *search, uint32_t at,
                                  enum place_head_class class)
{
    struct span span = search->r->tokens[at].span;
    if (span.end - span.start > 4)
        return 0;
    if (class == PLACE_HEAD_UNIT)
        return at + 1;
    if (class != PLACE_HEAD_STREET)
        return 0;
    return at + 1 < search_sentence_end(search, at) ? search_run_end(search, at + 1, 4) : at + 1;
}

/* A site that is called after a body or an office, and perhaps a country. */
static uint32_t site_name_end(const struct search *search, uint32_t at)
{
    uint32_t word = reading_length(search->r, at, CATEGORY_BODY_WORD);
    uint32_t office = reading_length(search->r, at, CATEGORY_POSITION);
    if (word <= 1 && office <= 1)
        return at;
    uint32_t end = at + (word > office ? word : office);
    const struct phrase_match *country = search_known_place(search, end);
    if (country)
        return end + country->length;
    return office > 1 ? 0 : end;
}

/* The run up to the head of another name. */
static uint32_t run_before_head(const struct search *search, uint32_t at, uint32_t run)
{
    const struct reading *r = search->r;
    for (uint32_t i = at + 1; i < run; i++)
        if (reading_length(r, i, CATEGORY_BODY_HEAD) > 1 ||
            reading_length(r, i, CATEGORY_PLACE_HEAD) > 1 || reading_length(r, i, CATEGORY_RANK))
            return i;
    return run;
}

/* The name behind a head word. */
static uint32_t place_name_end(const struct search *search, uint32_t at,
                               enum place_head_class class)
{
    const struct reading *r = search->r;
    uint32_t end = search_sentence_end(search, at);
    if (at >= end)
        return 0;
    const struct phrase_match *known = search_known_place(search, at);
    if (reading_has(r, at, SHAPE_NUMBER) && !search_has_flag(search, at, TOKEN_IN_DATE))
        return numbered_name_end(search, at, class);
    if (!search_is_capital(search, at))
        return known ? at + known->length : 0;
    if (reading_length(r, at, CATEGORY_COMPOUND) > 1)
        return 0;
    uint32_t run = search_run_end(search, at, 4);
    if (run == at && class == PLACE_HEAD_SITE && site_name_end(search, at) != at)
        return site_name_end(search, at);
    run = run_before_head(search, at, run);
    if (known && at + known->length > run)
        run = at + known->length;
    if (run > at + 1 && reading_is(r, run - 1, "."))
        run--;
    bool is_crossing = class == PLACE_HEAD_STREET && run + 1 < end && reading_is(r, run, "-") &&
                       search_is_capital(search, run + 1) && search_is_glued(search, run);
    if (is_crossing)
        run = search_run_end(search, run + 1, 4);
    return run;
}

bool search_is_plural(const struct search *search, uint32_t at)
{
    static const char words[][WORD_SIZE] = {"các", "những", "nhiều", "hai", "ba",
                                            "mấy", "vài",   "số",    ""};
    return at > search_sentence_start(search, at) && search_is_any(search, at - 1, words);
}

/* "Cộng hòa Dân chủ Nhân dân Lào", "nước Cộng hòa …", "Vương quốc …": up to the country. */
static uint32_t state_end(const struct search *search, uint32_t at)
{
    static const char starts[][WORD_SIZE] = {"cộng", "vương", "liên", "đại", ""};
    static const char seconds[][WORD_SIZE] = {"hòa", "quốc", "bang", "công", ""};
    uint32_t first = at;
    if (reading_is(search->r, at, "nước") && !search_is_plural(search, at))
        first++;
    uint32_t end = search_sentence_end(search, at);
    if (first + 2 >= end || !search_is_capital(search, first) ||
        !search_is_any(search, first, starts) || !search_is_any(search, first + 1, seconds))
        return 0;
    for (uint32_t i = first + 2; i < end && i < first + 9; i++) {
        const struct phrase_match *place = search_known_place(search, i);
        if (place &&
            gazetteer_place(search->r->knowledge, place->value)->kind <= PLACE_SHORT_COUNTRY)
            return i + place->length;
        if (!reading_has(search->r, i, SHAPE_WORD) || reading_length(search->r, i, CATEGORY_STOP))
            return 0;
    }
    return 0;
}

/* The token behind a head word and its dot; 0 when no name can follow or it is but a letter. */
static uint32_t behind_head(const struct search *search, uint32_t at, uint32_t length)
{
    struct span span = search->r->tokens[at].span;
    bool is_letter = length == 1 && span.end - span.start == 1;
    bool is_short = length == 1 && is_abbreviated_head(search, at);
    uint32_t next = at + length;
    uint32_t end = search_sentence_end(search, at);
    bool has_dot = is_short && next < end && reading_is(search->r, next, ".");
    if (is_letter && !has_dot)
        return 0;
    next += has_dot;
    return next < end ? next : 0;
}

/* A unit is not called after a region; some heads only have numbers. */
static bool is_unnamed(const struct search *search, uint32_t at, uint32_t next,
                       enum place_head_class class)
{
    const struct reading *r = search->r;
    const struct phrase_match *region = search_known_place(search, next);
    if (region && class == PLACE_HEAD_UNIT) {
        enum place_kind kind = gazetteer_place(r->knowledge, region->value)->kind;
        if (kind == PLACE_REGION || kind == PLACE_CONTINENT || kind == PLACE_WATER)
            return true;
    }
    bool needs_number = reading_is(r, at, "khu") || reading_is(r, at, "tổ");
    return needs_number && !reading_has(r, next, SHAPE_NUMBER);
}

uint32_t search_place_end(const struct search *search, uint32_t at)
{
    const struct reading *r = search->r;
    const struct phrase_match *known = search_known_place(search, at);
    const struct phrase_match *head = reading_match(r, at, CATEGORY_PLACE_HEAD);
    uint32_t known_end = known ? at + known->length : 0;
    uint32_t state = state_end(search, at);
    if (state)
        return state > known_end ? state : known_end;
    if (!head || search_has_flag(search, at, TOKEN_SHOUTED) || search_is_part(search, at))
        return known_end;
    bool is_vague = head->value == PLACE_HEAD_REGION && !reading_is(search->r, at, "lục");
    if (is_vague)
        return known_end;
    enum place_head_class class = (enum place_head_class)head->value;
    uint32_t next = behind_head(search, at, head->length);
    if (!next || is_unnamed(search, at, next, class))
        return known_end;
    const struct phrase_match *inner = reading_match(r, next, CATEGORY_PLACE_HEAD);
    if (inner && class != PLACE_HEAD_UNIT && !search_is_capital(search, next))
        next += inner->length;
    uint32_t end = search_sentence_end(search, at);
    uint32_t named = next < end ? place_name_end(search, next, class) : 0;
    return named > known_end ? named : known_end;
}
