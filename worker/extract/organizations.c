// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/organizations.h"

#include "worker/extract/search.h"

#define ORGANIZATION NEWSLOOM__V1__ENTITY_TYPE__ORGANIZATION

static bool is_capital_letters(const struct search *search, uint32_t at)
{
    const struct reading *r = search->r;
    const struct token *token = &r->tokens[at];
    uint32_t size = token->span.end - token->span.start;
    if (size < 2 || size > 12 || !search_is_capital(search, at))
        return false;
    bool has_digit = false;
    for (uint32_t i = token->span.start; i < token->span.end; i++)
        has_digit =
            has_digit || (r->document->text.points[i] >= '0' && r->document->text.points[i] <= '9');
    uint32_t second = r->document->text.points[token->span.start + 1];
    bool is_short_code = has_digit && size <= 6 && second >= '0' && second <= '9';
    return reading_has(r, at, SHAPE_ALL_CAPITALS) || is_short_code;
}

/* Letters and digits: "PC45". */
static bool is_code_name(const struct search *search, uint32_t at)
{
    uint32_t last = search->r->tokens[at].span.end - 1;
    uint32_t point = search->r->document->text.points[last];
    return point >= '0' && point <= '9';
}

/* Capital letters that belong to something longer: a number, a word, a code. */
static bool is_piece(const struct search *search, uint32_t at)
{
    static const char openings[][WORD_SIZE] = {"(", "/", "\"", "“", ""};
    static const char counted[][WORD_SIZE] = {"lứa",  "án",   "bks", "mã", "số",
                                              "hiệu", "loại", "xe",  ""};
    const struct reading *r = search->r;
    uint32_t end = at + 1;
    bool is_first = at == search_sentence_start(search, at);
    bool goes_on = end < search_sentence_end(search, at) && search_is_glued(search, end);
    if (!is_first && search_is_glued(search, at) && !search_is_any(search, at - 1, openings))
        return true;
    if (reading_has(r, end, SHAPE_NUMBER) || (goes_on && reading_is(r, end, "-")))
        return true;
    if (!is_first && search_is_any(search, at - 1, counted))
        return true;
    return goes_on && (reading_has(r, end, SHAPE_WORD) || reading_is(r, end, "&"));
}

/* An abbreviation that may be the name of a body: "PVTEX", "C46". */
static void propose_acronym(struct search *search, uint32_t at)
{
    const struct reading *r = search->r;
    if (!is_capital_letters(search, at) || reading_length(r, at, CATEGORY_ACRONYM) ||
        search_known_place(search, at) || reading_length(r, at, CATEGORY_LAW))
        return;
    uint32_t start = search_sentence_start(search, at);
    uint32_t end = at + 1;
    if (is_piece(search, at))
        return;
    if (is_code_name(search, at) && reading_match(r, end, CATEGORY_BODY_HEAD) &&
        search_is_capital(search, end)) {
        struct body_name parent = body_name_read(search, end);
        if (parent.end)
            search_propose(search, ORGANIZATION, at, parent.end, 92);
    }
    bool in_brackets = at > start && reading_is(r, at - 1, "(") && reading_is(r, end, ")");
    bool beside_capital = (at > start && reading_has(r, at - 1, SHAPE_ALL_CAPITALS)) ||
                          reading_has(r, end, SHAPE_ALL_CAPITALS);
    static const char cues[][WORD_SIZE] = {"của",    "tại", "do",   "và",   "với", "ở",
                                           "theo",   "là",  "tổ",   "chức", "bởi", "từ",
                                           "trưởng", "đốc", "tịch", "bị",   ""};
    bool is_cued = at > start && search_is_any(search, at - 1, cues);
    if (search_has_title(search, at) && reading_length_before(r, at, CATEGORY_HONORIFIC))
        return;
    search_propose(search, ORGANIZATION, at, end,
                   in_brackets      ? 72
                   : beside_capital ? 20
                   : is_cued        ? 62
                                    : 44);
}

/* "murderdata.org", "VOV.VN": letters, dots, and an ending that domains have. */
static void propose_domain(struct search *search, uint32_t at)
{
    const struct reading *r = search->r;
    static const char endings[][WORD_SIZE] = {"vn", "com", "org", "net", "gov", "edu", "info", ""};
    uint32_t stop = search_sentence_end(search, at);
    uint32_t end = at + 1;
    uint32_t last = 0;
    if (!reading_is(r, end, ".") || !reading_has(r, at, SHAPE_WORD) ||
        (search_is_glued(search, at) && at > 0 &&
         (reading_is(r, at - 1, ".") || reading_is(r, at - 1, "@") || reading_is(r, at - 1, "-"))))
        return;
    while (end + 1 < stop && end - at < 8 && reading_is(r, end, ".") &&
           search_is_glued(search, end) && search_is_glued(search, end + 1) &&
           reading_has(r, end + 1, SHAPE_WORD)) {
        if (search_is_any(search, end + 1, endings))
            last = end + 2;
        end += 2;
    }
    bool has_space = end == stop || !search_is_glued(search, end) || !reading_is(r, end, "@");
    if (last && has_space && end - at >= 3)
        search_propose(search, ORGANIZATION, at, last, 84);
}

/* A known body goes on: "Agribank Lào Cai", "Quốc hội Việt Nam", "… Chi nhánh …". */
static uint32_t search_office_end(const struct search *search, uint32_t at)
{
    const struct reading *r = search->r;
    const struct phrase_match *place = search_known_place(search, at);
    if (place && search_is_capital(search, at))
        return at + place->length;
    if (reading_is(r, at, "chi") && reading_is(r, at + 1, "nhánh"))
        return body_name_read(search, at).end;
    return 0;
}

/* "Bộ Công an hai nước": no name of one body. */
static bool is_shared(const struct search *search, uint32_t end)
{
    static const char shared[][WORD_SIZE] = {"hai", "các", "ba", ""};
    static const char holders[][WORD_SIZE] = {"nước", "bên", "quốc", "tỉnh", ""};
    return search_is_any(search, end, shared) && search_is_any(search, end + 1, holders);
}

static void propose_known(struct search *search, uint32_t at)
{
    const struct reading *r = search->r;
    const struct phrase_match *body = reading_match(r, at, CATEGORY_BODY);
    if (!body || search_has_flag(search, at, TOKEN_IN_DATE))
        return;
    bool is_shouted = search_has_flag(search, at, TOKEN_SHOUTED);
    if (!is_shouted && !search_is_capital(search, at))
        return;
    uint32_t end = at + body->length;
    uint32_t start = search_sentence_start(search, at);
    if (body->value == BODY_SURE) {
        bool is_single = body->length == 1 && !reading_has(r, at, SHAPE_ALL_CAPITALS) &&
                         reading_has(r, at, SHAPE_VIETNAMESE);
        if (is_shouted && body->length == 1)
            return;
        if (is_shared(search, end))
            return;
        search_propose(search, ORGANIZATION, at, end, is_single ? 50 : 88);
        uint32_t office = search_office_end(search, end);
        if (office)
            search_propose(search, ORGANIZATION, at, office, 94);
        return;
    }
    static const char cues[][WORD_SIZE] = {"theo",  "báo",  "/",   "(",    "tờ",  "ảnh", ":",
                                           "nguồn", "trên", "với", "hãng", "như", ""};
    bool is_cued = at > start && search_is_any(search, at - 1, cues);
    bool is_alone = at == start && end >= search_sentence_end(search, at) - 1;
    bool is_byline = search_has_flag(search, at, TOKEN_METADATA);
    bool is_path = at > start && (reading_is(r, at - 1, "/") || reading_is(r, at - 1, ":"));
    if (is_cued || is_alone || is_byline)
        search_propose(search, ORGANIZATION, at, end, is_path || is_byline || is_alone ? 90 : 70);
}

/* Lower-case heads that keep the head outside when a full name follows: "tổ chức Interpol". */
static bool is_outside(const struct search *search, uint32_t at, uint32_t head)
{
    static const char words[][WORD_SIZE] = {"tổ",   "ngân", "lực",     "hãng",  "cơ",      "kênh",
                                            "tờ",   "đài",  "mạng",    "trang", "website", "quỹ",
                                            "khối", "dự",   "đội",     "phong", "chương",  "cộng",
                                            "đơn",  "nhà",  "website", ""};
    static const char cues[][WORD_SIZE] = {"xe", ""};
    bool is_cue = head == 2 && search_is_any(search, at + 1, cues);
    return !search_is_capital(search, at) && search_is_any(search, at, words) &&
           (is_cue || reading_length(search->r, at + head, CATEGORY_BODY));
}

/* "cán bộ Công an Việt Nam": men of a country, not its police body. */
static bool is_plural_force(const struct search *search, uint32_t at)
{
    static const char before[][WORD_SIZE] = {"bộ",  "sĩ",    "sỹ",  "lượng", "các", "viên", "ngành",
                                             "đạo", "những", "đội", "tướng", "hai", ""};
    return at > search_sentence_start(search, at) && search_is_any(search, at - 1, before);
}

/* The head belongs to the word before: "Chánh Văn phòng", "Trưởng phòng Tham mưu". */
static bool is_title_part(const struct search *search, uint32_t at, struct body_name name)
{
    static const char offices[][WORD_SIZE] = {"trưởng", "phó", ""};
    if (at == search_sentence_start(search, at))
        return false;
    if (reading_is(search->r, at - 1, "chánh"))
        return true;
    return !search_is_capital(search, at) && search_is_any(search, at - 1, offices) &&
           name.end - at < 5 && !name.has_place;
}

static uint32_t certainty_of(const struct search *search, uint32_t at, struct body_name name)
{
    static const char lines[][WORD_SIZE] = {"lứa", "kết", ""};
    bool is_line = name.class == BODY_HEAD_TEAM && at > search_sentence_start(search, at) &&
                   search_is_any(search, at - 1, lines);
    if (is_line || is_title_part(search, at, name) || is_shared(search, name.end))
        return 0;
    bool is_capital = search_is_capital(search, at);
    if (name.class == BODY_HEAD_POLICE && name.is_country && is_plural_force(search, at))
        return 0;
    if (name.class == BODY_HEAD_POLICE && !is_capital)
        return name.has_place && !name.is_country ? 92 : 0;
    if (!is_capital)
        return name.has_capital || name.has_place ? 90 : 70;
    if (search_has_flag(search, at, TOKEN_FIRST) && !name.has_capital)
        return 66;
    return name.has_capital || name.has_place ? 94 : 80;
}

/* Heads that begin names in lower case too; the others are everyday words then. */
static bool may_begin_small(const struct search *search, uint32_t at)
{
    static const char words[][WORD_SIZE] = {
        "phòng",  "chi",  "công",   "cảnh", "tòa", "viện",    "đại",   "tổng", "ngân",
        "trường", "bệnh", "báo",    "tạp",  "đài", "nhà",     "khách", "quán", "vũ",
        "tiệm",   "câu",  "clb",    "sở",   "cục", "tand",    "vksnd", "văn",  "trung",
        "hãng",   "tập",  "ubnd",   "hđnd", "đội", "karaoke", "học",   "siêu", "catp",
        "ca",     "lãnh", "cty",    "đồn",  "ban", "kênh",    "tờ",    "trạm", "thẩm",
        "gara",   "rạp",  "resort", "đh",   "bv",  ""};
    if (search_is_any(search, at, words))
        return true;
    static const char agencies[][WORD_SIZE] = {"csđt", "cảnh", "anđt", ""};
    bool is_security = reading_is(search->r, at + 2, "an") && reading_is(search->r, at + 4, "điều");
    return reading_is(search->r, at, "cơ") && reading_is(search->r, at + 1, "quan") &&
           (search_is_any(search, at + 2, agencies) || is_security);
}

static void propose_headed(struct search *search, uint32_t at)
{
    const struct reading *r = search->r;
    const struct phrase_match *head = reading_match(r, at, CATEGORY_BODY_HEAD);
    if (!head || search_has_flag(search, at, TOKEN_SHOUTED) ||
        search_has_flag(search, at, TOKEN_IN_DATE))
        return;
    if (is_outside(search, at, head->length)) {
        uint32_t run = search_run_end(search, at + head->length, 4);
        bool is_shop = reading_is(r, at, "nhà") && run > at + head->length;
        if (is_shop)
            search_propose(search, ORGANIZATION, at + head->length, run, 80);
        return;
    }
    bool is_capital = search_is_capital(search, at);
    if (!is_capital && (search_is_part(search, at) || !may_begin_small(search, at)))
        return;
    struct body_name name = body_name_read(search, at);
    for (uint32_t i = at; i < name.end; i++)
        name.has_capital = name.has_capital || search_is_capital(search, i);
    if (name.end && !is_capital && !name.has_capital && name.class != BODY_HEAD_POLICE)
        return;
    if (name.end)
        search_propose(search, ORGANIZATION, at, name.end, certainty_of(search, at, name));
}

void organizations_propose(struct search *search, uint32_t at)
{
    propose_acronym(search, at);
    propose_domain(search, at);
    propose_known(search, at);
    propose_headed(search, at);
}
