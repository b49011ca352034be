// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "worker/extract/organizations.h"

enum { DEPTH_MOST = 4, NAME_MOST = 30 };

/* A name being read: where it stands, and where it may end. */
struct body_reader {
    const struct search *search;
    const struct reading *r;
    uint32_t at;
    uint32_t stop;
    unsigned depth; /* in how many names this one stands */
    struct body_name name;
    bool is_titled; /* a post stands before the head: a person may stand behind the name */
};

// NOLINTBEGIN(misc-no-recursion): a name stands in a name; take_nested() goes DEPTH_MOST deep

static struct body_name read_name(const struct search *search, uint32_t at, unsigned depth);

static void accept(struct body_reader *b, uint32_t end)
{
    for (uint32_t i = b->at; i < end; i++)
        b->name.has_capital = b->name.has_capital || search_is_capital(b->search, i);
    b->at = end;
    b->name.end = end;
}

static bool take_place(struct body_reader *b)
{
    uint32_t end = b->at < b->stop ? search_place_end(b->search, b->at) : 0;
    if (!end)
        return false;
    const struct phrase_match *place = search_known_place(b->search, b->at);
    if (place && b->at + place->length == end) {
        enum place_kind kind = gazetteer_place(b->r->knowledge, place->value)->kind;
        if (kind == PLACE_SHORT_COUNTRY && place->length == 1)
            return false;
        b->name.is_country = kind == PLACE_COUNTRY || kind == PLACE_SINGLE_COUNTRY;
    }
    b->name.has_place = true;
    accept(b, end);
    return true;
}

/* "tỉnh", "TP" without a name: the unit that the article speaks of. */
static bool take_level(struct body_reader *b)
{
    static const char levels[][WORD_SIZE] = {"tỉnh",   "huyện", "quận",  "xã",
                                             "phường", "tp",    "thành", ""};
    if (!search_is_any(b->search, b->at, levels))
        return false;
    uint32_t length = reading_is(b->r, b->at, "thành") ? 2 : 1;
    if (length == 2 && !reading_is(b->r, b->at + 1, "phố"))
        return false;
    accept(b, b->at + length);
    b->name.has_place = true;
    return true;
}

static bool take_body(struct body_reader *b)
{
    const struct phrase_match *body = reading_match(b->r, b->at, CATEGORY_BODY);
    if (!body || !search_is_capital(b->search, b->at) || body->value != BODY_SURE)
        return false;
    accept(b, b->at + body->length);
    return true;
}

static bool take_nested(struct body_reader *b)
{
    const struct phrase_match *head = reading_match(b->r, b->at, CATEGORY_BODY_HEAD);
    if (!head || b->depth >= DEPTH_MOST)
        return false;
    bool is_police = head->value == BODY_HEAD_POLICE;
    if (!search_is_capital(b->search, b->at) && !is_police)
        return false;
    struct body_name inner = read_name(b->search, b->at, b->depth + 1);
    if (!inner.end || (!search_is_capital(b->search, b->at) && !inner.has_place))
        return false;
    b->name.has_place = b->name.has_place || inner.has_place;
    accept(b, inner.end);
    return true;
}

static bool is_verb(const struct body_reader *b, uint32_t at, uint32_t length)
{
    const struct phrase_match *stop = reading_match(b->r, at, CATEGORY_STOP);
    return stop && stop->length >= length && !search_is_capital(b->search, at);
}

static bool take_word(struct body_reader *b, bool is_first)
{
    uint32_t length = reading_length(b->r, b->at, CATEGORY_BODY_WORD);
    if (!length)
        return false;
    uint32_t next = b->at + length;
    if (is_verb(b, b->at, length) && !is_first) {
        static const char before[][WORD_SIZE] = {"sát", "ninh", "quan", "csđt", "viện", ""};
        bool follows = search_is_any(b->search, b->at - 1, before);
        bool goes_on = next < b->stop && reading_length(b->r, next, CATEGORY_BODY_WORD) &&
                       !is_verb(b, next, 1) && reading_is(b->r, b->at, "điều");
        if (!follows && !goes_on)
            return false;
    }
    if (is_verb(b, b->at, length) && is_first && !reading_length(b->r, next, CATEGORY_BODY_WORD))
        return false;
    accept(b, next);
    return true;
}

/* A capitalised word that nothing is known of. */
static bool take_capital(struct body_reader *b)
{
    if (!search_is_capital(b->search, b->at) || reading_length(b->r, b->at, CATEGORY_RANK))
        return false;
    if (reading_length(b->r, b->at, CATEGORY_POSITION) > 1)
        return false;
    accept(b, b->at + 1);
    return true;
}

/* "và", "-", "&", "," between two words of a name; leaves b->at behind it. */
static bool skip_joint(struct body_reader *b)
{
    static const char joints[][WORD_SIZE] = {"và", "-", "–", "&", "về", "vì", ""};
    static const char dashes[][WORD_SIZE] = {"-", "–", ""};
    if (!search_is_any(b->search, b->at, joints) || b->at + 1 >= b->stop)
        return false;
    uint32_t next = b->at + 1;
    const struct phrase_match *head = reading_match(b->r, next, CATEGORY_BODY_HEAD);
    bool is_dash = search_is_any(b->search, b->at, dashes);
    bool is_head = head && search_is_capital(b->search, next) &&
                   !reading_length(b->r, next, CATEGORY_BODY_WORD);
    bool is_small_word = reading_length(b->r, next, CATEGORY_BODY_WORD) > 0;
    bool is_numbered = reading_has(b->r, b->at - 1, SHAPE_NUMBER) ||
                       reading_is(b->r, b->at - 1, "tra") || b->name.end == b->at;
    if (is_head && !(is_dash && b->name.class == BODY_HEAD_UNIT && is_numbered))
        return false;
    bool is_code = is_dash && reading_has(b->r, next, SHAPE_ALL_CAPITALS) &&
                   !reading_has(b->r, b->at - 1, SHAPE_NUMBER) && !is_head;
    if (is_code && !search_is_glued(b->search, b->at))
        return false;
    if (!is_small_word && !is_dash &&
        !(search_is_capital(b->search, next) && !reading_length(b->r, next, CATEGORY_FAMILY)))
        return false;
    if (is_dash && !search_is_capital(b->search, next) && !is_small_word)
        return false;
    if (is_dash && reading_length(b->r, next, CATEGORY_PLACE) && b->name.has_place)
        return false;
    b->at = next;
    return true;
}

static void read_ministry(struct body_reader *b)
{
    uint32_t field = reading_length(b->r, b->at, CATEGORY_MINISTRY);
    if (!field || !search_is_capital(b->search, b->at - 1) || !search_is_capital(b->search, b->at))
        return;
    accept(b, b->at + field);
    if (reading_is(b->r, b->at, "nước") && b->at + 1 < b->stop &&
        search_place_end(b->search, b->at + 1) && search_known_place(b->search, b->at + 1))
        b->at++;
    take_place(b);
}

static void read_police(struct body_reader *b)
{
    static const char ends[][WORD_SIZE] = {"nhân", "pctp", ""};
    if (take_place(b)) {
        return;
    }
    if (search_is_any(b->search, b->at, ends)) {
        accept(b, b->at + (reading_is(b->r, b->at, "nhân") ? 2 : 1));
        take_place(b);
        return;
    }
    if (take_level(b))
        return;
    uint32_t first = b->at;
    while (b->at < b->stop && b->at - first < 8 && take_word(b, b->at == first))
        ;
    if (b->at > first && !take_place(b))
        take_nested(b);
}

/* "HĐQT Ngân hàng …": the body that the unit belongs to follows at once. */
static bool begins_parent(const struct body_reader *b)
{
    const struct phrase_match *head = reading_match(b->r, b->at, CATEGORY_BODY_HEAD);
    return head && (head->value == BODY_HEAD_COMPANY || head->value == BODY_HEAD_BANK ||
                    head->value == BODY_HEAD_SCHOOL || head->value == BODY_HEAD_COURT);
}

/* What ends the name of a unit: a place, the body it belongs to, a known body. */
static bool take_end_of_unit(struct body_reader *b, uint32_t first)
{
    bool is_first = b->at == first;
    const struct phrase_match *place = search_known_place(b->search, b->at);
    if ((!is_first || (place && place->length > 1)) && take_place(b))
        return true;
    if (!is_first && b->name.end == b->at && take_nested(b))
        return true;
    if (take_body(b)) {
        if (is_first)
            take_place(b);
        return true;
    }
    return is_first && begins_parent(b) && take_nested(b);
}

/* "Phòng 5", "Đội 2" */
static bool takes_number(const struct body_reader *b)
{
    static const char numbered[][WORD_SIZE] = {"phòng", "đội", "trạm", "đồn", "tổ", ""};
    return reading_has(b->r, b->at, SHAPE_NUMBER) &&
           search_is_any(b->search, b->at - 1, numbered) &&
           search_is_capital(b->search, b->at - 1) &&
           !search_has_flag(b->search, b->at, TOKEN_IN_DATE);
}

static bool take_word_of_unit(struct body_reader *b, uint32_t first)
{
    uint32_t before = b->at;
    bool is_first = before == first;
    if (take_word(b, is_first)) {
        bool is_level = reading_length(b->r, before, CATEGORY_PLACE_HEAD) == b->at - before;
        b->name.has_place = b->name.has_place || is_level;
        return true;
    }
    if (is_first && takes_number(b)) {
        accept(b, b->at + 1);
        return true;
    }
    bool is_acronym = reading_has(b->r, b->at, SHAPE_ALL_CAPITALS);
    bool is_person = reading_length(b->r, b->at, CATEGORY_FAMILY) && !is_first &&
                     search_is_capital(b->search, b->at + 1);
    if (search_is_capital(b->search, b->at) && (is_acronym || !is_person) &&
        (b->at - first < 4 || is_acronym) && take_capital(b))
        return true;
    bool is_named = !is_first || b->name.end == b->at;
    return is_named && skip_joint(b);
}

static void read_unit(struct body_reader *b)
{
    uint32_t first = b->at;
    while (b->at < b->stop && b->at - first < NAME_MOST) {
        if (take_end_of_unit(b, first))
            return;
        if (take_word_of_unit(b, first))
            continue;
        if (b->at == first && !take_place(b))
            take_nested(b);
        return;
    }
}

static void read_court(struct body_reader *b)
{
    static const char words[][WORD_SIZE] = {"nhân", "tối", "cấp", "quân", "sự", "dân", "cao", ""};
    uint32_t first = b->at;
    while (b->at < b->stop && b->at - first < 6 && search_is_any(b->search, b->at, words))
        accept(b, b->at + 1);
    if (reading_is(b->r, b->at, "tại") && search_place_end(b->search, b->at + 1))
        b->at++;
    if (!take_place(b) && !take_level(b))
        take_nested(b);
}

/* A word in lower case inside the name of a company: a capital follows soon, no verb between. */
static bool leads_to_capital(const struct body_reader *b)
{
    if (b->name.has_place || !b->name.has_capital)
        return false;
    for (uint32_t i = b->at; i < b->stop && i < b->at + 5; i++) {
        if (search_is_capital(b->search, i))
            return !reading_length(b->r, i, CATEGORY_BODY_HEAD) &&
                   !reading_length(b->r, i, CATEGORY_RANK);
        bool is_word = reading_has(b->r, i, SHAPE_WORD) &&
                       !reading_length(b->r, i, CATEGORY_STOP) &&
                       !reading_length(b->r, i, CATEGORY_HONORIFIC) &&
                       !reading_length(b->r, i, CATEGORY_POSITION);
        if (!is_word)
            return false;
    }
    return false;
}

static bool take_venue(struct body_reader *b, uint32_t first)
{
    const struct phrase_match *head = reading_match(b->r, b->at, CATEGORY_BODY_HEAD);
    if (!head || head->value != BODY_HEAD_VENUE || b->at == first)
        return false;
    accept(b, b->at + head->length);
    return true;
}

/* The length of a word that companies are named with, or 0; behind a capital a verb is none. */
static uint32_t company_word(const struct body_reader *b)
{
    uint32_t length = reading_length(b->r, b->at, CATEGORY_BODY_WORD);
    bool is_behind = b->name.has_capital && !search_is_capital(b->search, b->at);
    return is_behind && is_verb(b, b->at, length) ? 0 : length;
}

/* A word in lower case behind the name, and none after it: the sentence goes on. */
static bool is_loose_word(const struct body_reader *b, uint32_t length)
{
    uint32_t next = b->at + length;
    return length && b->name.class == BODY_HEAD_COMPANY && b->name.has_capital &&
           !search_is_capital(b->search, b->at) && !search_is_capital(b->search, next) &&
           !reading_length(b->r, next, CATEGORY_BODY_WORD);
}

/* The person with the post, or somebody after the place. */
static bool begins_person(const struct body_reader *b)
{
    if (!reading_length(b->r, b->at, CATEGORY_FAMILY))
        return false;
    bool is_officer =
        b->is_titled && b->name.has_capital && search_run_end(b->search, b->at, 5) == b->at + 3;
    return is_officer || (b->name.has_place && search_is_capital(b->search, b->at + 1));
}

static bool take_company_word(struct body_reader *b, uint32_t length)
{
    if (length) {
        accept(b, b->at + length);
        return true;
    }
    const struct phrase_match *place = search_known_place(b->search, b->at);
    if (!place)
        return false;
    accept(b, b->at + place->length);
    b->name.has_place = true;
    return true;
}

/* Numbers, dots and what else stands between the words. */
static bool take_company_part(struct body_reader *b, uint32_t first)
{
    bool is_number = reading_has(b->r, b->at, SHAPE_NUMBER) && b->name.has_capital &&
                     !search_has_flag(b->search, b->at, TOKEN_IN_DATE);
    if (is_number) {
        accept(b, b->at + 1);
        return true;
    }
    if (take_venue(b, first))
        return true;
    const struct phrase_match *head = reading_match(b->r, b->at, CATEGORY_BODY_HEAD);
    if (head && !search_is_capital(b->search, b->at) && head->value == BODY_HEAD_PRESS) {
        b->at += head->length;
        return true;
    }
    bool is_dotted = reading_is(b->r, b->at, ".") && search_is_glued(b->search, b->at) &&
                     b->at + 1 < b->stop && search_is_glued(b->search, b->at + 1) &&
                     search_is_capital(b->search, b->at + 1);
    if (is_dotted) {
        b->at++;
        return true;
    }
    return take_capital(b) || (b->at > first && skip_joint(b));
}

static void read_company(struct body_reader *b)
{
    uint32_t first = b->at;
    while (b->at < b->stop && b->at - first < NAME_MOST) {
        if (search_is_capital(b->search, b->at) && take_venue(b, first))
            continue;
        uint32_t length = company_word(b);
        if (is_loose_word(b, length))
            return;
        if (take_company_word(b, length))
            continue;
        if (begins_person(b))
            return;
        if (take_company_part(b, first))
            continue;
        if (!leads_to_capital(b))
            return;
        b->at++;
    }
}

static void read_press(struct body_reader *b)
{
    const struct phrase_match *body = reading_match(b->r, b->at, CATEGORY_BODY);
    if (body && search_is_capital(b->search, b->at)) {
        accept(b, b->at + body->length);
    } else {
        uint32_t run = search_run_end(b->search, b->at, 5);
        if (run == b->at)
            return;
        accept(b, run);
        while (b->at < b->stop && reading_length(b->r, b->at, CATEGORY_BODY_WORD) &&
               !is_verb(b, b->at, 1))
            accept(b, b->at + reading_length(b->r, b->at, CATEGORY_BODY_WORD));
    }
    static const char kinds[][WORD_SIZE] = {"online", "điện", ""};
    if (search_is_any(b->search, b->at, kinds))
        accept(b, b->at + (reading_is(b->r, b->at, "điện") ? 2 : 1));
    else
        take_place(b);
}

static void read_embassy(struct body_reader *b)
{
    if (reading_is(b->r, b->at, "nước"))
        b->at++;
    if (!take_place(b))
        return;
    if (reading_is(b->r, b->at, "tại") && b->at + 1 < b->stop) {
        uint32_t keep = b->at++;
        if (!take_place(b))
            b->at = keep;
    }
}

static void read_union(struct body_reader *b)
{
    uint32_t first = b->at;
    if (reading_is(b->r, b->at, "các") && reading_is(b->r, b->at + 1, "quốc") &&
        b->at + 3 < b->stop)
        accept(b, b->at + 3);
    if (reading_is(b->r, b->at, "nước") && search_known_place(b->search, b->at + 1))
        b->at++;
    while (b->at < b->stop && b->at - first < NAME_MOST) {
        if (take_place(b))
            return;
        if (b->at > first && take_nested(b))
            return;
        bool is_person =
            reading_length(b->r, b->at, CATEGORY_FAMILY) && search_is_capital(b->search, b->at + 1);
        if (take_body(b) || take_word(b, b->at == first))
            continue;
        if (!is_person && b->at - first < 4 && take_capital(b))
            continue;
        if (b->at == first && take_level(b))
            continue;
        if (b->at == first || !skip_joint(b))
            return;
    }
}

static void read_venue(struct body_reader *b)
{
    if (!search_is_capital(b->search, b->at))
        return;
    uint32_t run = search_run_end(b->search, b->at, 5);
    accept(b, run);
    if (reading_has(b->r, b->at, SHAPE_NUMBER) && b->at < b->stop &&
        !search_has_flag(b->search, b->at, TOKEN_IN_DATE))
        accept(b, b->at + 1);
}

static void read_team(struct body_reader *b)
{
    accept(b, b->at);
    take_place(b);
}

/* "Cơ quan Cảnh sát điều tra": the head says it all. */
static bool is_complete(const struct body_reader *b, uint32_t first)
{
    static const char second[][WORD_SIZE] = {"điều", "csđt", "cảnh", "an", "anđt", ""};
    bool is_agency = reading_is(b->r, first, "cơ") && reading_is(b->r, first + 1, "quan") &&
                     b->at - first >= 3 && search_is_any(b->search, first + 2, second);
    bool has_capital =
        search_is_capital(b->search, first) || reading_has(b->r, first + 2, SHAPE_ALL_CAPITALS);
    return is_agency && has_capital;
}

static struct body_name read_name(const struct search *search, uint32_t at, unsigned depth)
{
    const struct phrase_match *head = reading_match(search->r, at, CATEGORY_BODY_HEAD);
    if (!head)
        return (struct body_name){0};
    struct body_reader b = {.search = search,
                            .r = search->r,
                            .at = at + head->length,
                            .stop = search_sentence_end(search, at),
                            .depth = depth};
    b.name.class = (enum body_head_class)head->value;
    b.is_titled = at > search_sentence_start(search, at) &&
                  reading_length_before(search->r, at, CATEGORY_POSITION) > 0;
    if (is_complete(&b, at))
        b.name.end = b.at;
    if (b.at >= b.stop)
        return b.name;
    switch (b.name.class) {
    case BODY_HEAD_MINISTRY:
        read_ministry(&b);
        break;
    case BODY_HEAD_POLICE:
        read_police(&b);
        break;
    case BODY_HEAD_UNIT:
        read_unit(&b);
        break;
    case BODY_HEAD_COURT:
        read_court(&b);
        break;
    case BODY_HEAD_COMPANY:
    case BODY_HEAD_BANK:
    case BODY_HEAD_SCHOOL:
        read_company(&b);
        break;
    case BODY_HEAD_PRESS:
        read_press(&b);
        break;
    case BODY_HEAD_EMBASSY:
        read_embassy(&b);
        break;
    case BODY_HEAD_UNION:
        read_union(&b);
        break;
    case BODY_HEAD_TEAM:
        read_team(&b);
        break;
    case BODY_HEAD_VENUE:
        read_venue(&b);
        break;
    }
    if (b.name.end > b.stop)
        b.name.end = b.stop;
    if (b.name.end > at + SPAN_MOST)
        b.name.end = 0;
    return b.name;
}

// NOLINTEND(misc-no-recursion)

struct body_name body_name_read(const struct search *search, uint32_t at)
{
    return read_name(search, at, 0);
}
