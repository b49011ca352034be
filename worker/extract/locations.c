// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/search.h"

#define LOCATION NEWSLOOM__V1__ENTITY_TYPE__LOCATION

enum { RUN_MOST = 4 };

/* A capitalised neighbour without anything between: probably all one name. */
static bool is_inside_run(const struct search *search, uint32_t first, uint32_t end)
{
    bool before = first > search_sentence_start(search, first) &&
                  search_is_capital(search, first - 1) &&
                  reading_has(search->r, first - 1, SHAPE_VIETNAMESE) &&
                  !search_has_flag(search, first - 1, TOKEN_FIRST);
    bool after = end < search_sentence_end(search, first) && search_is_capital(search, end) &&
                 reading_has(search->r, end, SHAPE_VIETNAMESE);
    return before || after;
}

static bool is_beside_country(const struct search *search, uint32_t first, uint32_t end)
{
    const struct reading *r = search->r;
    bool after = end + 1 < search_sentence_end(search, first) &&
                 (reading_is(r, end, "-") || reading_is(r, end, "–")) &&
                 reading_length(r, end + 1, CATEGORY_PLACE);
    bool before = first >= search_sentence_start(search, first) + 2 &&
                  (reading_is(r, first - 1, "-") || reading_is(r, first - 1, "–")) &&
                  reading_length_before(r, first - 1, CATEGORY_PLACE);
    return before || after;
}

static uint32_t certainty_of_short(const struct search *search, uint32_t first, uint32_t end)
{
    static const char before[][WORD_SIZE] = {
        "người", "gốc",  "sĩ",  "sỹ",   "tiền", "showbiz", "sao",  "đất",  "dân", "hàng",
        "nước",  "trai", "gái", "bóng", "kiều", "cộng",    "phim", "giữa", ""};
    if (is_inside_run(search, first, end))
        return 0;
    if (is_beside_country(search, first, end))
        return 85;
    if (first > search_sentence_start(search, first) && search_is_any(search, first - 1, before))
        return 85;
    return 0;
}

static uint32_t certainty_of_single(const struct search *search, uint32_t first, uint32_t end)
{
    static const char before[][WORD_SIZE] = {
        "người", "nước", "tại",  "ở",   "sang", "phía",  "tiền",  "lính",   "quân",  "từ",
        "của",   "với",  "và",   "gốc", "giữa", "từ",    "thống", "trưởng", "tướng", "sứ",
        "đội",   "dân",  "tịch", "do",  "trên", "về",    "đến",   "tới",    "hoàng", "chức",
        "phủ",   "hàng", "bang", "(",   ",",    "khách", "an",    "ninh",   "nghị",  "cho",
        "khỏi",  "mà",   "qua",  "đó",  "viện", "quốc",  "báo",   "giới",   "cấp",   "mới",
        "ra",    "vào",  "binh", "-",   ""};
    if (is_beside_country(search, first, end))
        return 88;
    if (search_has_title(search, first)) {
        bool is_office = reading_length_before(search->r, first, CATEGORY_POSITION) > 0;
        return is_office ? 82 : 10;
    }
    if (is_inside_run(search, first, end))
        return 30;
    if (search_has_flag(search, first, TOKEN_FIRST))
        return reading_is(search->r, first, "anh") ? 0 : 62;
    return search_is_any(search, first - 1, before) ? 82 : 58;
}

static uint32_t certainty_of_place(const struct search *search, uint32_t first,
                                   const struct phrase_match *match)
{
    const struct place *place = gazetteer_place(search->r->knowledge, match->value);
    uint32_t end = first + match->length;
    if (first > search_sentence_start(search, first) && reading_is(search->r, first - 1, "tiếng"))
        return 0;
    bool is_joined = is_inside_run(search, first, end);
    switch (place->kind) {
    case PLACE_SHORT_COUNTRY:
        return certainty_of_short(search, first, end);
    case PLACE_SINGLE_COUNTRY:
        return certainty_of_single(search, first, end);
    case PLACE_COUNTRY:
        return 90;
    case PLACE_PROVINCE:
        if (!reading_has(search->r, first, SHAPE_VIETNAMESE))
            return match->length > 1 ? 70 : 58;
        return place->country[0] == 'V' ? (is_joined ? 72 : 88) : 60;
    case PLACE_DISTRICT:
        return is_joined ? 45 : 76;
    case PLACE_CITY:
        return is_joined ? 55 : 84;
    case PLACE_REGION:
    case PLACE_CONTINENT:
    case PLACE_WATER:
    case PLACE_BUILDING:
        break;
    }
    return is_joined ? 70 : 86;
}

/* "314 Bùi Thị Xuân", "số 1 Lê Hồng Phong": a house number and a street without its head word. */
static void propose_street(struct search *search, uint32_t at, uint32_t run)
{
    const struct reading *r = search->r;
    uint32_t start = search_sentence_start(search, at);
    if (run - at < 2 || !reading_has(r, at - 1, SHAPE_NUMBER | SHAPE_WORD))
        return;
    bool has_number =
        reading_has(r, at - 1, SHAPE_NUMBER) && !search_has_flag(search, at - 1, TOKEN_IN_DATE);
    bool is_code = has_number || (at >= start + 2 && reading_is(r, at - 2, "-"));
    for (uint32_t back = 2; is_code && back < 9 && at >= start + back; back++)
        if (reading_is(r, at - back, "số") || reading_is(r, at - back, "nhà"))
            search_propose(search, LOCATION, at, run, 82);
    static const char groups[][WORD_SIZE] = {"tổ", "cụm", ""};
    if (has_number && at >= start + 2 && search_is_any(search, at - 2, groups))
        search_propose(search, LOCATION, at, run, 84);
    static const char living[][WORD_SIZE] = {"trú", "ở", "tại", "ngụ", ""};
    if (has_number && at >= start + 2 && search_is_any(search, at - 2, living))
        search_propose(search, LOCATION, at - 1, run, 84);
}

static bool has_digit(const struct reading *r, uint32_t at)
{
    for (uint32_t i = r->tokens[at].span.start; i < r->tokens[at].span.end; i++)
        if (r->document->text.points[i] >= '0' && r->document->text.points[i] <= '9')
            return true;
    return false;
}

/* A capitalised run that begins like something else, or is a known place anyway. */
static bool is_no_address(const struct search *search, uint32_t at, uint32_t run)
{
    static const char directions[][WORD_SIZE] = {"nam",  "bắc",  "đông", "tây",
                                                 "đoàn", "đảng", "hội",  ""};
    static const enum category others[] = {CATEGORY_BODY_HEAD, CATEGORY_BODY, CATEGORY_LAW_HEAD,
                                           CATEGORY_EVENT_HEAD, CATEGORY_ACRONYM};
    const struct reading *r = search->r;
    const struct phrase_match *known = search_known_place(search, at);
    bool is_direction = run == at + 1 && search_is_any(search, at, directions);
    if (is_direction || (known && at + known->length <= run))
        return true;
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (reading_length(r, at, others[i]))
            return true;
    bool is_initial = search_is_initial(search, at) && reading_is(r, at + 1, ".");
    return is_initial || reading_has(r, at, SHAPE_ALL_CAPITALS) || has_digit(r, at);
}

/* A capitalised run where an address is expected. */
static void propose_addressed(struct search *search, uint32_t at, uint32_t run)
{
    const struct reading *r = search->r;
    if (run == at || is_no_address(search, at, run))
        return;
    static const char dwelling[][WORD_SIZE] = {"ngụ", "trú", "quê", "ở", "tại", ""};
    bool is_dwelling = search_is_any(search, at - 1, dwelling);
    bool is_cued = is_dwelling || reading_length_before(r, at, CATEGORY_ADDRESS_CUE);
    bool goes_on = run + 1 < search_sentence_end(search, at) &&
                   (reading_is(r, run, ",") || reading_is(r, run, "(")) &&
                   search_place_end(search, run + 1);
    bool is_vietnamese = reading_has(r, at, SHAPE_VIETNAMESE);
    if (is_dwelling && goes_on)
        search_propose(search, LOCATION, at, run, 86);
    else if (is_dwelling)
        search_propose(search, LOCATION, at, run, is_vietnamese ? 60 : 66);
    else if (is_cued)
        search_propose(search, LOCATION, at, run, goes_on ? 55 : is_vietnamese ? 15 : 40);
    else if (goes_on && reading_is(r, at - 1, ","))
        search_propose(search, LOCATION, at, run, 50);
}

/* What is known, and what stands behind a head word. */
static void propose_named(struct search *search, uint32_t at)
{
    const struct reading *r = search->r;
    const struct phrase_match *known = search_known_place(search, at);
    if (known)
        search_propose(search, LOCATION, at, at + known->length,
                       certainty_of_place(search, at, known));
    uint32_t end = search_place_end(search, at);
    const struct phrase_match *head = reading_match(r, at, CATEGORY_PLACE_HEAD);
    if (end && !known && !head)
        search_propose(search, LOCATION, at, end, 93);
    if (head && !search_is_plural(search, at) && end > at + head->length &&
        !(known && end == at + known->length)) {
        bool is_number = reading_has(r, end - 1, SHAPE_NUMBER) && end - at == 2;
        static const char small[][WORD_SIZE] = {"tổ",   "bản",  "làng", "khu", "xóm",
                                                "điện", "tháp", "bến",  "bãi", "đá",
                                                "hòn",  "động", "rừng", "mũi", ""};
        uint32_t certainty =
            head->value == PLACE_HEAD_UNIT || head->value == PLACE_HEAD_STREET ? 92 : 84;
        if (search_is_any(search, at, small))
            certainty = is_number ? 45 : 74;
        bool is_family = search_is_capital(search, at) && head->length == 1 && end - at >= 3 &&
                         reading_length(r, at, CATEGORY_FAMILY) &&
                         !search_has_flag(search, at, TOKEN_FIRST);
        search_propose(search, LOCATION, at, end, is_family ? 40 : certainty);
    }
}

void locations_propose(struct search *search, uint32_t at)
{
    bool is_capital = search_is_capital(search, at);
    bool is_cued = is_capital || reading_is(search->r, at, "nước") ||
                   reading_begins(search->r, at, 1U << CATEGORY_PLACE | 1U << CATEGORY_PLACE_HEAD);
    if (is_cued)
        propose_named(search, at);
    if (!is_capital || at == search_sentence_start(search, at))
        return;
    uint32_t run = search_run_end(search, at, RUN_MOST);
    propose_street(search, at, run);
    propose_addressed(search, at, run);
}
