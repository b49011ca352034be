// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/search.h"

#define PERSON NEWSLOOM__V1__ENTITY_TYPE__PERSON

enum { NAME_MOST = 6 };

static bool is_vietnamese(const struct search *search, uint32_t at)
{
    return reading_has(search->r, at, SHAPE_VIETNAMESE) &&
           !reading_has(search->r, at, SHAPE_ALL_CAPITALS);
}

/* "N.V.T", "Ng.T.A.", "H.": initials, glued, with their dots. */
static uint32_t initials_end(const struct search *search, uint32_t at)
{
    uint32_t end = search_sentence_end(search, at);
    uint32_t i = at;
    while (i < end && search_is_initial(search, i) && (i == at || search_is_glued(search, i))) {
        i++;
        if (i < end && reading_is(search->r, i, ".") && search_is_glued(search, i))
            i++;
        else
            break;
    }
    return i;
}

/* What follows a name of a person in the news. */
static uint32_t bonus_after(const struct search *search, uint32_t end)
{
    const struct reading *r = search->r;
    if (end >= search_sentence_end(search, end - 1))
        return 0;
    if (reading_length(r, end, CATEGORY_PERSON_VERB))
        return 12;
    if (reading_is(r, end, "(") && reading_has(r, end + 1, SHAPE_NUMBER | SHAPE_WORD)) {
        static const char words[][WORD_SIZE] = {"sn", "sinh", "tuổi", ""};
        bool is_age =
            search_is_any(search, end + 1, words) || search_is_any(search, end + 2, words);
        return is_age ? 25 : 5;
    }
    return 0;
}

static bool is_behind_place_head(const struct search *search, uint32_t at)
{
    static const char certain[][WORD_SIZE] = {"đường", "phố", "ngõ",   "hẻm",  "phường",
                                              "quận",  "xã",  "huyện", "tỉnh", "cầu",
                                              "ngách", "số",  "lộ",    ""};
    return at > 0 && search_is_any(search, at - 1, certain) &&
           search_sentence_end(search, at - 1) == search_sentence_end(search, at);
}

/* A slash or "Ảnh:" before, or alone in its sentence at the end of the text. */
static bool is_byline(const struct search *search, uint32_t first, uint32_t end)
{
    const struct reading *r = search->r;
    uint32_t start = search_sentence_start(search, first);
    uint32_t stop = search_sentence_end(search, first);
    if (end - first > 4)
        return false;
    static const char photo[][WORD_SIZE] = {"ảnh", "ảnh:", "theo", "clip", "video", "tin", ""};
    if (first >= start + 2 && reading_is(r, first - 1, ":") &&
        search_is_any(search, first - 2, photo))
        return true;
    if (first == start + 1 && search_is_any(search, start, photo) &&
        (end == stop || reading_is(r, end, "/")) && search_has_flag(search, first, TOKEN_METADATA))
        return true;
    if (first > start && reading_is(r, first - 1, "/") && end - first >= 2)
        return stop - start < 12;
    bool ends = end == stop || reading_is(r, end, "/") || reading_is(r, end, "-") ||
                (end + 1 == stop && reading_has(r, end, SHAPE_PUNCTUATION));
    return first == start && ends && stop - start <= 8;
}

static void propose_byline(struct search *search, uint32_t at)
{
    const struct reading *r = search->r;
    uint32_t end = at;
    uint32_t stop = search_sentence_end(search, at);
    bool is_loud = reading_has(r, at, SHAPE_ALL_CAPITALS);
    while (end < stop && end - at < 5 && reading_has(r, end, SHAPE_CAPITAL) &&
           !search_has_flag(search, end, TOKEN_IN_DATE) && !search_is_word(search, end) &&
           reading_has(r, end, SHAPE_ALL_CAPITALS) == is_loud &&
           !(end > at && reading_length(r, end, CATEGORY_STOP)))
        end++;
    static const char cues[][WORD_SIZE] = {"theo", "ảnh", "pv", "tin", "bài", "video", "clip", ""};
    if (end == at || search_is_any(search, at, cues) || !is_byline(search, at, end))
        return;
    const struct phrase_match *body = reading_match(r, at, CATEGORY_BODY);
    const struct phrase_match *place = search_known_place(search, at);
    enum place_kind kind =
        place ? gazetteer_place(r->knowledge, place->value)->kind : PLACE_COUNTRY;
    bool is_town = kind == PLACE_DISTRICT || kind == PLACE_WATER;
    if (body || reading_length(r, at, CATEGORY_BODY_HEAD) > 1 ||
        (place && !is_town && place->length > 1))
        return;
    bool is_metadata = search_has_flag(search, at, TOKEN_METADATA);
    bool is_single = end - at == 1;
    bool is_acronym = reading_has(r, at, SHAPE_ALL_CAPITALS);
    if (is_single && (!is_metadata || is_acronym) && !reading_is(r, at - (at > 0), ":"))
        return;
    if (is_single && reading_length(r, at, CATEGORY_STOP))
        return;
    bool is_last = stop == r->token_count || is_metadata || reading_is(r, at - (at > 0), ":");
    search_propose(search, PERSON, at, end, is_metadata || is_last ? 88 : 62);
}

static void propose_initials(struct search *search, uint32_t at)
{
    uint32_t end = initials_end(search, at);
    if (end == at)
        return;
    bool has_title = search_has_title(search, at);
    bool has_dots = end - at >= 3;
    if (has_title)
        search_propose(search, PERSON, at, end, 92);
    else if (has_dots && !reading_has(search->r, at, SHAPE_ALL_CAPITALS))
        search_propose(search, PERSON, at, end, 45);
}

/* "ông", "anh" before: then even a word that is seldom a name is one. */
static bool is_honoured(const struct search *search, uint32_t at)
{
    static const char words[][WORD_SIZE] = {"ông",  "bà", "anh", "chị", "em",
                                            "cháu", "úy", "tá",  ""};
    return at > search_sentence_start(search, at) && search_is_any(search, at - 1, words);
}

/* A post began before and goes on: "Công Thương" in "Bộ trưởng Công Thương". */
static bool is_inside_office(const struct search *search, uint32_t at)
{
    uint32_t start = search_sentence_start(search, at);
    for (uint32_t back = 1; back <= 4 && at >= start + back; back++)
        if (reading_length(search->r, at - back, CATEGORY_POSITION) > (back > 1 ? back : 2))
            return true;
    return false;
}

/* What a run of capitalised words consists of. */
struct run {
    uint32_t words;
    uint32_t vietnamese;
    uint32_t given;
};

static struct run run_of(const struct search *search, uint32_t at, uint32_t end)
{
    struct run run = {0};
    for (uint32_t i = at; i < end; i++) {
        if (reading_has(search->r, i, SHAPE_PUNCTUATION))
            continue;
        run.words++;
        run.vietnamese += is_vietnamese(search, i);
        run.given += reading_length(search->r, i, CATEGORY_GIVEN) > 0;
    }
    return run;
}

/* No name begins with this word, or none is this word alone. */
static bool is_nobody(const struct search *search, uint32_t at, uint32_t words)
{
    static const char short_forms[][WORD_SIZE] = {"tp", "sn", "pv", "hlv", "clb", ""};
    static const char alone[][WORD_SIZE] = {
        "đoàn",  "bộ",   "hội",  "ban",   "đảng", "ngành",  "hai",  "các", "sở",   "cục",
        "phòng", "nhà",  "viện", "tòa",   "phó",  "trưởng", "tổng", "chủ", "quân", "nhật",
        "dự",    "điều", "lễ",   "trung", "ủy",   "ông",    "bà",   "anh", "chị",  "ngài",
        "đội",   "tổ",   "nước", "sau",   "theo", "ngày",   "khi",  "tại", "hiện", "trước",
        "đây",   "đó",   "quốc", "hà",    "tập",  "thủ",    "mặt",  "ảnh", ""};
    static const char never[][WORD_SIZE] = {"phó", "trưởng", "bộ", "chủ", "tổng", "ủy", "lễ", ""};
    if (search_is_any(search, at, short_forms))
        return true;
    if (is_honoured(search, at))
        return false;
    return search_is_any(search, at, never) || (words == 1 && search_is_any(search, at, alone));
}

static bool holds_acronym(const struct search *search, uint32_t at, uint32_t end, uint32_t words)
{
    const struct reading *r = search->r;
    for (uint32_t i = at; i < end; i++) {
        bool is_known = reading_length(r, i, CATEGORY_ACRONYM) || (i == at && words == 1);
        if (is_known && reading_has(r, i, SHAPE_ALL_CAPITALS) && !search_is_initial(search, i))
            return true;
    }
    return false;
}

/* "Công" in "Giám đốc Công ty": one word behind a post, and the sentence goes on in small letters.
 */
static bool is_half_a_post(const struct search *search, uint32_t at, uint32_t end)
{
    const struct reading *r = search->r;
    bool goes_on_small = reading_has(r, end, SHAPE_WORD) && !reading_has(r, end, SHAPE_CAPITAL) &&
                         !reading_length(r, end, CATEGORY_PERSON_VERB) &&
                         !reading_length(r, end, CATEGORY_STOP) &&
                         end < search_sentence_end(search, at);
    return goes_on_small && reading_length_before(r, at, CATEGORY_POSITION) &&
           !reading_length(r, at, CATEGORY_GIVEN);
}

/* A part of something that is no person: a post, a word, what a country's name begins. */
static bool is_part_of_other(const struct search *search, uint32_t at, uint32_t end, uint32_t words)
{
    const struct reading *r = search->r;
    if (is_inside_office(search, at) || search_is_word(search, at))
        return true;
    if (words == 1 &&
        (reading_length(r, at, CATEGORY_HONORIFIC) || is_half_a_post(search, at, end)))
        return true;
    const struct phrase_match *country = search_known_place(search, at);
    return country && country->length > 1 && at + country->length < end &&
           gazetteer_place(r->knowledge, country->value)->kind == PLACE_COUNTRY;
}

static uint32_t certainty_of_run(const struct search *search, uint32_t at, uint32_t end,
                                 const struct run *run)
{
    const struct reading *r = search->r;
    bool has_title = search_has_title(search, at);
    bool is_opening =
        search_has_flag(search, at, TOKEN_FIRST) && reading_length(r, at, CATEGORY_STOP);
    bool has_family = reading_length(r, at, CATEGORY_FAMILY) > 0 && !is_opening;
    uint32_t bonus = bonus_after(search, end);
    if (run->vietnamese == run->words && has_family && run->words >= 2 && run->words <= 5) {
        uint32_t base = run->words >= 3 ? 66 : 48;
        base += run->given + 1 >= run->words ? 8 : 0;
        base += has_title ? 22 : bonus;
        return base > 98 ? 98 : base;
    }
    if (has_title)
        return 78 + (bonus ? 6 : 0);
    if (run->words >= 2 && run->vietnamese == 0)
        return 52 + bonus;
    if (run->words >= 2 && run->given == run->words)
        return 34 + bonus;
    return run->words >= 2 && run->vietnamese < run->words ? 24 + bonus : bonus;
}

static uint32_t certainty_of(const struct search *search, uint32_t at, uint32_t end)
{
    struct run run = run_of(search, at, end);
    if (run.words == 1 && !search_has_title(search, at))
        return 0;
    if (is_nobody(search, at, run.words) || holds_acronym(search, at, end, run.words) ||
        is_part_of_other(search, at, end, run.words))
        return 0;
    return is_behind_place_head(search, at) ? 20 : certainty_of_run(search, at, end, &run);
}

/* What begins like a place is less certain by so much. */
static uint32_t doubt_about(const struct search *search, uint32_t at, uint32_t end)
{
    const struct reading *r = search->r;
    const struct phrase_match *place = search_known_place(search, at);
    if (!place)
        return 0;
    if (place->length > 1 && !search_has_title(search, at))
        return 10;
    return end - at > place->length && !reading_length(r, at, CATEGORY_FAMILY) ? 25 : 0;
}

static uint32_t lowered(uint32_t certainty, uint32_t doubt)
{
    return certainty > doubt ? certainty - doubt : 0;
}

static bool ends_in_title(const struct search *search, uint32_t at, uint32_t end)
{
    uint32_t last = end - 1;
    return last > at &&
           (reading_length(search->r, last, CATEGORY_RANK) ||
            reading_has(search->r, last, SHAPE_PUNCTUATION)) &&
           !search_is_initial(search, last - 1);
}

void persons_propose(struct search *search, uint32_t at)
{
    const struct reading *r = search->r;
    if (reading_has(r, at, SHAPE_CAPITAL))
        propose_byline(search, at);
    if (!search_is_capital(search, at))
        return;
    if (search_is_initial(search, at))
        propose_initials(search, at);
    if (reading_has(r, at, SHAPE_ALL_CAPITALS) &&
        (reading_length(r, at, CATEGORY_ACRONYM) || reading_length(r, at, CATEGORY_BODY)))
        return;
    const struct phrase_match *head = reading_match(r, at, CATEGORY_BODY_HEAD);
    uint32_t longest = search_run_end(search, at, NAME_MOST);
    for (uint32_t end = at + 1; end <= longest; end++) {
        if ((reading_is(r, end, ".") && end < longest) || ends_in_title(search, at, end))
            continue;
        uint32_t certainty = certainty_of(search, at, end);
        if (head && head->length > 1)
            certainty = lowered(certainty, 40);
        certainty = lowered(certainty, doubt_about(search, at, end));
        if (certainty)
            search_propose(search, PERSON, at, end, certainty);
    }
}
